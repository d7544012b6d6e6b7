import { readSettings } from '../../shared/settings/read.ts'
import type { Store } from '../../shared/store/store.ts'
import type { SystemSettings } from './deps.ts'

/** What administrators have decided, at most five seconds old. */
export const settingsOf = (store: Store) => async (): Promise<SystemSettings> => {
  const { bannerMessage, ...rest } = await readSettings(store)
  return bannerMessage === '' ? rest : { ...rest, bannerMessage }
}
