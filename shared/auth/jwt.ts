/** JWTs of this registry's own: signed by the key ring, each kind for an audience of its own, checked without any read. */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose'
import type { Store } from '../store/store.ts'
import { ALGORITHM, type KeyRing } from './key-ring.ts'

const ISSUER = 'roadstead-token-service'
/** Clocks of processes may differ by this. */
const CLOCK_TOLERANCE_SECONDS = 10

export type Claims = {
  /** What the token is for; one that is for something else does not pass. */
  readonly audience: string
  readonly subject: string
  readonly seconds: number
  readonly more: Readonly<Record<string, unknown>>
}

/** A signed token, and the epoch milliseconds from which it is good. */
export const signToken = async (
  store: Store,
  keys: KeyRing,
  { audience, more, seconds, subject }: Claims,
): Promise<{ readonly token: string; readonly issuedAt: number }> => {
  const { id, privateKey } = await keys.current()
  const issuedAt = Math.floor(store.clock.now() / 1000)
  const token = await new SignJWT({ ...more })
    .setProtectedHeader({ alg: ALGORITHM, kid: id, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + seconds)
    .setJti(store.ids.next())
    .sign(privateKey)
  return { token, issuedAt: issuedAt * 1000 }
}

/** What a token says; `undefined`: not ours, not for this audience, not any more, or not yet. */
export const verifyToken = async (
  store: Store,
  keys: KeyRing,
  token: string,
  audience: string,
): Promise<JWTPayload | undefined> => {
  try {
    const { kid, alg } = decodeProtectedHeader(token)
    if (kid === undefined || alg !== ALGORITHM) return undefined
    const publicKey = await keys.find(kid)
    if (publicKey === undefined) return undefined
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: [ALGORITHM],
      audience,
      issuer: ISSUER,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(store.clock.now()),
      requiredClaims: ['exp', 'nbf', 'iat'],
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}
