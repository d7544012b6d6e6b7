/**
 * Sessions of browsers. A session stands as long as the password by which it was opened, and its rights are its user's at
 * each request: it is over at once with another password or with its user, and follows whoever makes an administrator.
 */
import { createHash, randomBytes } from 'node:crypto'
import * as z from 'zod'
import { verifyPassword } from '../auth/passwords.ts'
import type { Principal, UserNumber } from '../auth/principal.ts'
import { identityOf, sealOf } from '../identity/standing.ts'
import { PortError } from '../ports.ts'
import { readSettings } from '../settings/read.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, SCHEMA_VERSION, TTL_ATTRIBUTE } from '../table.ts'
import { readWithPassword } from '../users/find.ts'

/** What a browser keeps: whoever has it is its user. */
export type SessionId = string & { readonly [brand]: 'SessionId' }
declare const brand: unique symbol

const ID_BYTES = 32
const ID = /^[A-Za-z0-9_-]{43}$/
const MINUTE_MS = 60_000
const LONGEST_LIFE_MS = 12 * 60 * MINUTE_MS
/** A use is written this often at most, in parts of the time that a session may be unused; so much sooner may it be over. */
const USES = 6

const sessionItem = z.object({
  user: z.number(),
  seal: z.string(),
  createdAt: z.number(),
  usedAt: z.number(),
})
type Session = z.infer<typeof sessionItem>

/** `undefined` for what is no id of a session. */
export const parseSessionId = (text: string): SessionId | undefined =>
  ID.test(text) ? (text as SessionId) : undefined

/**
 * Opens a session for a user who has just logged in; `undefined`: the password was changed in the meantime. It is compared
 * once more with what the session then rests on, so that no session outlives the password that opened it.
 */
export const openSession = async (
  store: Store,
  user: UserNumber,
  password: string,
): Promise<SessionId | undefined> => {
  const known = await readWithPassword(store, user)
  if (known === undefined || !(await verifyPassword(known.passwordHash, password))) return undefined
  const id = randomBytes(ID_BYTES).toString('base64url') as SessionId
  const now = store.clock.now()
  const session = { user, seal: sealOf(known.passwordHash), createdAt: now, usedAt: now }
  const item = { ...keyOf(id), v: SCHEMA_VERSION, ...session, ...timeToLive(session) }
  await transact(store, [{ op: 'put', item }])
  return id
}

/** Who has a session, with the rights of this moment; `undefined`: it is over, or never was. */
export const readSession = async (
  store: Store,
  id: SessionId,
): Promise<Extract<Principal, { kind: 'user' }> | undefined> => {
  const item = await getItem(store, keyOf(id), 'strong')
  if (item === undefined) return undefined
  const session = sessionItem.parse(item)
  const idleMs = await readIdleMs(store)
  const now = store.clock.now()
  if (now >= endOf(session, idleMs)) return undefined
  const { user: number, seal, usedAt } = session
  const identity = await identityOf(store, { kind: 'user', number, seal })
  if (identity?.principal.kind !== 'user') return undefined
  if (now - usedAt >= idleMs / USES) await recordUse(store, id, { ...session, usedAt: now })
  return identity.principal
}

/** Ends a session; one that is over already stays so. */
export const endSession = async (store: Store, id: SessionId): Promise<void> => {
  await transact(store, [{ op: 'delete', key: keyOf(id) }])
}

/** A request does not fail because this cannot be written. */
const recordUse = async (store: Store, id: SessionId, session: Session): Promise<void> => {
  try {
    await store.kv.write({
      op: 'update',
      key: keyOf(id),
      set: { usedAt: session.usedAt },
      // It may have been ended meanwhile, and must not come back.
      conditions: [{ kind: 'equals', name: 'seal', value: session.seal }],
    })
  } catch (error) {
    if (!(error instanceof PortError)) throw error
  }
}

/** Who reads the table finds no session to use: 256 random bits need no slow hash. */
const keyOf = (id: SessionId) => key.session(createHash('sha256').update(id).digest('hex'))

/** How long a session may be unused. */
const readIdleMs = async (store: Store): Promise<number> =>
  (await readSettings(store)).sessionMinutes * MINUTE_MS

const endOf = ({ createdAt, usedAt }: Session, idleMs: number): number =>
  Math.min(usedAt + idleMs, createdAt + LONGEST_LIFE_MS)

/** By its longest life, since the settings may let it be unused for longer tomorrow. */
const timeToLive = ({ createdAt }: Session) => ({
  [TTL_ATTRIBUTE]: Math.ceil((createdAt + LONGEST_LIFE_MS) / 1_000),
})
