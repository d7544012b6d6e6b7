/**
 * What a login rests on: a user's password, a personal access token, or a robot's secret. Whoever logged in may go on for
 * as long as that is what it was, and no longer.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Principal } from '../auth/principal.ts'
import { readRobotLogin, recordRobotUse } from '../robots/authenticate.ts'
import { parseRobot } from '../robots/robot.ts'
import type { Store } from '../store/store.ts'
import { readWithPassword } from '../users/find.ts'
import { parseUserNumber, principalOf } from '../users/items.ts'
import { readTokenLogin, recordTokenUse } from '../users/tokens.ts'
import type { Identity } from './identity.ts'

const seal = z.string().length(43)

/** `seal` is a hash of the stored hash of the password or secret: it tells that it changed, and nothing else. */
export const standing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), number: z.int().positive(), seal }),
  z.object({ kind: z.literal('token'), id: z.string().min(1), seal }),
  z.object({ kind: z.literal('robot'), name: z.string().min(1), seal }),
])
export type Standing = z.infer<typeof standing>

type Found = {
  readonly principal: Exclude<Principal, { kind: 'anonymous' }>
  readonly secretHash: string
  /** Of what has a last use. */
  readonly recordUse?: () => Promise<void>
}

/** What this login rests on; `undefined` when that is gone already. One read. */
export const standingOf = async (
  store: Store,
  { principal, tokenId }: Identity,
): Promise<Standing | undefined> => {
  const what =
    tokenId !== undefined
      ? ({ kind: 'token', id: tokenId } as const)
      : principal.kind === 'user'
        ? ({ kind: 'user', number: principal.number } as const)
        : ({ kind: 'robot', name: principal.name } as const)
  const found = await find(store, what)
  return found && { ...what, seal: sealOf(found.secretHash) }
}

/**
 * Who it is, with the rights of this moment; `undefined` when it does not stand any more. Whoever goes on by it uses it:
 * what `docker login` keeps is shown instead of a robot's secret for months.
 */
export const identityOf = async (store: Store, given: Standing): Promise<Identity | undefined> => {
  const found = await find(store, given)
  if (found === undefined || sealOf(found.secretHash) !== given.seal) return undefined
  await found.recordUse?.()
  return {
    principal: found.principal,
    tokenId: given.kind === 'token' ? given.id : undefined,
  }
}

type What =
  | { readonly kind: 'user'; readonly number: number }
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'robot'; readonly name: string }

const find = async (store: Store, what: What): Promise<Found | undefined> => {
  switch (what.kind) {
    case 'user': {
      const known = await readWithPassword(store, parseUserNumber(what.number))
      return known && { principal: principalOf(known.user), secretHash: known.passwordHash }
    }
    case 'token': {
      const login = await readTokenLogin(store, what.id)
      return (
        login && {
          ...login,
          recordUse: async () => {
            await recordTokenUse(store, login)
          },
        }
      )
    }
    case 'robot': {
      const { item, login, secretHash } = await readRobotLogin(store, what.name)
      if (item === undefined || login.principal === undefined || secretHash === undefined) {
        return undefined
      }
      const recordUse = async () => {
        await recordRobotUse(store, parseRobot(item))
      }
      return { principal: login.principal, secretHash, recordUse }
    }
    default:
      return what satisfies never
  }
}

/** What a password or a secret can be known again by, and nothing else be told from. */
export const sealOf = (secretHash: string): string =>
  createHash('sha256').update(secretHash).digest('base64url')
