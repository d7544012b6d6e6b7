import type { Principal, UserNumber } from '../../shared/auth/principal.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { DomainError } from '../../shared/errors.ts'
import type { Clock } from '../../shared/ports.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { key, SCHEMA_VERSION } from '../../shared/table.ts'

/** A store in memory whose time moves on by as much as a test says, besides by itself. */
export const createTestStore = (): Store & { readonly pass: (milliseconds: number) => void } => {
  let passed = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + passed }
  return {
    kv: openMemory().kv,
    clock,
    ids: createRandomIds(),
    pass: (milliseconds) => {
      passed += milliseconds
    },
  }
}

/** A user who is known to the table as far as the domain of projects asks. */
export const createTestUser = async (
  { kv }: Store,
  number: number,
  options: { readonly isSysadmin?: boolean; readonly name?: string } = {},
): Promise<Principal & { kind: 'user' }> => {
  const { isSysadmin = false, name = `user${number}` } = options
  await kv.write({ op: 'put', item: { ...key.user(number), v: SCHEMA_VERSION, number, name } })
  return { kind: 'user', number: number as UserNumber, name, isSysadmin }
}

/** The code that a use case refuses with; `undefined`: it did what it was asked to. */
export const refusalOf = async (attempt: Promise<unknown>): Promise<string | undefined> => {
  try {
    await attempt
    return undefined
  } catch (error) {
    if (error instanceof DomainError) return error.code
    throw error
  }
}
