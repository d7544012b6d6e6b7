import type { Principal } from '../../shared/auth/principal.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { DomainError } from '../../shared/errors.ts'
import type { Clock } from '../../shared/ports.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { CHEAP } from './cheap-passwords.ts'
import { newUser, parseUserNumber } from '../../shared/users/items.ts'

/** A store in memory whose time moves on by as much as a test says, besides by itself. */
export const createTestStore = (): Store & { readonly pass: (milliseconds: number) => void } => {
  let passed = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + passed }
  return {
    kv: openMemory().kv,
    clock,
    ids: createRandomIds(),
    passwordCost: CHEAP,
    pass: (milliseconds) => {
      passed += milliseconds
    },
  }
}

/** A user with all items that a user has, but no password, since a real one takes its time. */
export const createTestUser = async (
  { kv }: Store,
  number: number,
  options: { readonly isSysadmin?: boolean; readonly name?: string } = {},
): Promise<Principal & { kind: 'user' }> => {
  const { isSysadmin = false, name = `user${number}` } = options
  const user = parseUserNumber(number)
  const { number: _taken, ...items } = newUser(
    {
      user: {
        ...{ number: user, name, isSysadmin, email: undefined, realname: '', comment: '' },
        ...{ createdAt: 0, updatedAt: 0, passwordChangedAt: 0, version: 'first' },
      },
      passwordHash: 'none',
    },
    { last: 0, total: 0 },
  )
  for (const operation of [items.user, items.name, items.listed]) {
    await kv.write({ op: 'put', item: operation.item })
  }
  return { kind: 'user', number: user, name, isSysadmin }
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
