import { perStore } from '../store/per-store.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { parseSettings, type Settings } from './settings.ts'

const CACHE_MS = 5_000

type Cache = { known: { readonly settings: Settings; readonly until: number } | undefined }

const cacheOf = perStore((): Cache => ({ known: undefined }))

/** The settings as they are now: for who shows or changes them. One read. */
export const readSettingsNow = async (store: Store): Promise<Settings> => {
  const settings = parseSettings(await getItem(store, key.settings(), 'strong'))
  cacheOf(store).known = { settings, until: store.clock.now() + CACHE_MS }
  return settings
}

/** The settings as they were at most five seconds ago: for who obeys them, without a read of its own. */
export const readSettings = async (store: Store): Promise<Settings> => {
  const { known } = cacheOf(store)
  return known !== undefined && known.until > store.clock.now()
    ? known.settings
    : await readSettingsNow(store)
}

/** Lets this process see a change at once. */
export const forgetSettings = (store: Store): void => {
  cacheOf(store).known = undefined
}
