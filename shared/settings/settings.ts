/** What administrators decide for the whole registry: one item, of which each setting is an attribute of its own. */
import * as z from 'zod'
import type { AttributeValue, Item } from '../ports.ts'

export type Settings = {
  /** Who may make projects, besides administrators and robots with that right. */
  readonly projectCreation: 'everyone' | 'adminonly'
  /** Whether people may make accounts for themselves. */
  readonly hasSelfRegistration: boolean
  /** Whether nothing may be pushed or changed. */
  readonly isReadOnly: boolean
  readonly hasNotifications: boolean
  /** What is shown to everybody, in Harbor's JSON; empty: nothing. */
  readonly bannerMessage: string
  /** Of robots that ask for no duration; -1: they never end. */
  readonly robotDurationDays: number
  /** What the names of new robots begin with. */
  readonly robotPrefix: string
  /** After so long without a request a session of a browser ends. */
  readonly sessionMinutes: number
  /** Whether new projects get a storage limit at all. */
  readonly hasQuotas: boolean
  /** Limit of new projects whose maker asks for none, or may not; -1: none. */
  readonly storagePerProjectBytes: number
  /** Whether a scanner's pulls leave the time of the last pull as it is. */
  readonly keepsPullTimeOfScans: boolean
  /** Kinds of events that are not logged. */
  readonly unloggedEvents: readonly string[]
}

/** What is to change; the rest stays as it is. */
export type SettingsChange = {
  readonly [Name in keyof Settings]?: Settings[Name] | undefined
}

const SEPARATOR = ','

const settingsItem = z.object({
  projectCreation: z.enum(['everyone', 'adminonly']).default('everyone'),
  hasSelfRegistration: z.boolean().default(false),
  isReadOnly: z.boolean().default(false),
  hasNotifications: z.boolean().default(false),
  bannerMessage: z.string().default(''),
  robotDurationDays: z.number().default(30),
  robotPrefix: z.string().default('robot$'),
  sessionMinutes: z.number().default(30),
  hasQuotas: z.boolean().default(true),
  storagePerProjectBytes: z.number().default(-1),
  keepsPullTimeOfScans: z.boolean().default(false),
  unloggedEvents: z.string().default(''),
})

/** Settings out of their item; what nobody has set has its default. */
export const parseSettings = (item: Item | undefined): Settings => {
  const { unloggedEvents, ...rest } = settingsItem.parse(item ?? {})
  return {
    ...rest,
    unloggedEvents: unloggedEvents === '' ? [] : unloggedEvents.split(SEPARATOR),
  }
}

/** What the item says of a change. */
export const settingsAttributes = ({
  unloggedEvents,
  ...rest
}: SettingsChange): Readonly<Record<string, AttributeValue>> => {
  const attributes: Record<string, AttributeValue> = {}
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) attributes[name] = value
  }
  if (unloggedEvents !== undefined) attributes['unloggedEvents'] = unloggedEvents.join(SEPARATOR)
  return attributes
}
