import { DomainError } from '../errors.ts'
import { parseLimit } from '../quota/limit.ts'
import { assertDuration } from '../robots/grammar.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { forgetSettings } from './read.ts'
import { settingsAttributes, type SettingsChange } from './settings.ts'

/** A login by HTTP Basic ends the name at the first colon; the others are what Harbor refuses in a name, but its `$`. */
const PREFIX = /^[^\s\p{C}:,"~#%]{1,64}$/u
const LONGEST_BANNER = 4_096
const LONGEST_SESSION_MINUTES = 12 * 60
const EVENT = /^[a-z_]{1,64}$/
const MOST_EVENTS = 100

/**
 * Changes settings, each of those named and no other, so that two administrators do not undo each other's changes.
 * Other processes follow within five seconds.
 * @throws DomainError BAD_REQUEST for a value that a setting cannot have
 */
export const changeSettings = async (store: Store, change: SettingsChange): Promise<void> => {
  assertChange(change)
  const set = settingsAttributes(change)
  if (Object.keys(set).length === 0) return
  await retry(store, async () => {
    const outcome = await store.kv.write({
      op: 'update',
      key: key.settings(),
      set: { ...set, v: SCHEMA_VERSION },
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
  forgetSettings(store)
}

const assertChange = ({
  bannerMessage = '',
  robotDurationDays,
  robotPrefix,
  sessionMinutes,
  storagePerProjectBytes,
  unloggedEvents = [],
}: SettingsChange): void => {
  if (robotDurationDays !== undefined) assertDuration(robotDurationDays)
  if (storagePerProjectBytes !== undefined) parseLimit(storagePerProjectBytes)
  if (robotPrefix !== undefined && !PREFIX.test(robotPrefix)) {
    throw bad(
      'a prefix has 1 to 64 characters, none of them blank, invisible or one of : , " ~ # %',
    )
  }
  if (sessionMinutes !== undefined && !isMinutes(sessionMinutes)) {
    throw bad(`a session lasts 1 to ${LONGEST_SESSION_MINUTES} minutes`)
  }
  if (bannerMessage.length > LONGEST_BANNER || !bannerMessage.isWellFormed()) {
    throw bad(`a banner has at most ${LONGEST_BANNER} characters`)
  }
  if (unloggedEvents.length > MOST_EVENTS || !unloggedEvents.every((one) => EVENT.test(one))) {
    throw bad('kinds of events are lower-case letters and _, with commas between them')
  }
}

const isMinutes = (value: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= LONGEST_SESSION_MINUTES

const bad = (why: string): DomainError => new DomainError('BAD_REQUEST', why)
