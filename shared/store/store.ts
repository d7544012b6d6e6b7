import type { PasswordCost } from '../auth/passwords.ts'
import type { Clock, Ids, Kv } from '../ports.ts'
import { DEFAULT_TIMES, type Times } from '../tasks/times.ts'

/** What every write of the domain needs: the table, the time, and ids that nobody has used before. */
export type Store = {
  readonly kv: Kv
  readonly clock: Clock
  readonly ids: Ids
  /** `DEFAULT_TIMES` if absent. */
  readonly times?: Times
  /** Of every password from now on; `PASSWORD_COST` if absent, as at every entry point. */
  readonly passwordCost?: PasswordCost
}

export const timesOf = ({ times = DEFAULT_TIMES }: Pick<Store, 'times'>): Times => times
