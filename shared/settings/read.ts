import type { Kv } from '../ports.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { parseSettings, type Settings } from './settings.ts'

const CACHE_MS = 5_000

type Cached = { readonly settings: Settings; readonly until: number }

/** One for each table that the process has to do with. */
const cache = new WeakMap<Kv, Cached>()

/** The settings as they are now: for who shows or changes them. One read. */
export const readSettingsNow = async (store: Store): Promise<Settings> => {
  const settings = parseSettings(await getItem(store, key.settings(), 'strong'))
  cache.set(store.kv, { settings, until: store.clock.now() + CACHE_MS })
  return settings
}

/** The settings as they were at most five seconds ago: for who obeys them, without a read of its own. */
export const readSettings = async (store: Store): Promise<Settings> => {
  const known = cache.get(store.kv)
  return known !== undefined && known.until > store.clock.now()
    ? known.settings
    : await readSettingsNow(store)
}

/** Lets this process see a change at once. */
export const forgetSettings = ({ kv }: Pick<Store, 'kv'>): void => {
  cache.delete(kv)
}
