/** The tokens of the registry: Docker's JWTs (distribution, "Token Authentication Specification"), signed by ES256. */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { fullName } from '../oci/name.ts'
import type { Store } from '../store/store.ts'
import type { Visitor } from './gate.ts'
import { ALGORITHM, type KeyRing } from './key-ring.ts'
import { ACTIONS, type Action, type Scope } from './scope.ts'

/** What tokens are for: the `service` of challenges, and the audience of tokens. */
export const SERVICE = 'roadstead'
const ISSUER = 'roadstead-token-service'
export const TOKEN_SECONDS = 300
/** Clocks of processes may differ by this. */
const CLOCK_TOLERANCE_SECONDS = 10
/** Of an answer's header or a request's: API Gateway takes 10,240 bytes of all headers together. */
const MAX_ACCESS_CHARACTERS = 5_000
const MAX_CACHED_TOKENS = 10_000

export type IssuedToken = { readonly token: string; readonly issuedAt: number }

export type Tokens = {
  readonly issue: (subject: string, granted: readonly Scope[]) => Promise<IssuedToken>
  /** Without any read of the store. `undefined`: not ours, not for us, not any more, or not yet. */
  readonly verify: (token: string) => Promise<Visitor | undefined>
}

const accessEntry = z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })
const payload = z.object({
  sub: z.string().default(''),
  exp: z.number(),
  access: z.array(accessEntry).default([]),
})

export const createTokens = (store: Store, keys: KeyRing): Tokens => {
  // Checking a signature costs twice what a manifest's read does, and a client sends the same token again and again.
  const verified = new Map<string, { readonly visitor: Visitor; readonly expiresAt: number }>()

  const check = async (token: string): Promise<Visitor | undefined> => {
    const { kid, alg } = decodeProtectedHeader(token)
    if (kid === undefined || alg !== ALGORITHM) return undefined
    const publicKey = await keys.find(kid)
    if (publicKey === undefined) return undefined
    const result = await jwtVerify(token, publicKey, {
      algorithms: [ALGORITHM],
      audience: SERVICE,
      issuer: ISSUER,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(store.clock.now()),
      requiredClaims: ['exp', 'nbf', 'iat'],
    })
    const { sub, exp, access } = payload.parse(result.payload)
    const visitor = visitorOf(sub, access)
    if (verified.size >= MAX_CACHED_TOKENS) verified.clear()
    verified.set(token, { visitor, expiresAt: exp * 1000 })
    return visitor
  }

  return {
    issue: async (subject, granted) => {
      const { id, privateKey } = await keys.current()
      const issuedAt = Math.floor(store.clock.now() / 1000)
      const token = await new SignJWT({ access: accessOf(granted) })
        .setProtectedHeader({ alg: ALGORITHM, kid: id, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(SERVICE)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + TOKEN_SECONDS)
        .setJti(store.ids.next())
        .sign(privateKey)
      return { token, issuedAt: issuedAt * 1000 }
    },
    verify: async (token) => {
      const known = verified.get(token)
      if (known !== undefined && known.expiresAt > store.clock.now()) return known.visitor
      verified.delete(token)
      try {
        return await check(token)
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
        throw error
      }
    },
  }
}

type AccessEntry = z.infer<typeof accessEntry>

/** As many as fit; a client that asked for more asks again when it comes to the others. */
const accessOf = (granted: readonly Scope[]): readonly AccessEntry[] => {
  const entries: AccessEntry[] = []
  let characters = 0
  for (const scope of granted) {
    const entry =
      scope.kind === 'catalog'
        ? { type: 'registry', name: 'catalog', actions: ['*'] }
        : { type: 'repository', name: fullName(scope.name), actions: [...scope.actions] }
    characters += JSON.stringify(entry).length
    if (characters > MAX_ACCESS_CHARACTERS) break
    entries.push(entry)
  }
  return entries
}

const visitorOf = (subject: string, access: readonly AccessEntry[]): Visitor => {
  const actions = new Map<string, ReadonlySet<Action>>()
  for (const entry of access) {
    if (entry.type !== 'repository') continue
    actions.set(entry.name, new Set(ACTIONS.filter((action) => entry.actions.includes(action))))
  }
  return {
    subject,
    mayEnter: true,
    mayListCatalog: access.some(({ type, name }) => type === 'registry' && name === 'catalog'),
    may: (action, name) => actions.get(fullName(name))?.has(action) === true,
  }
}
