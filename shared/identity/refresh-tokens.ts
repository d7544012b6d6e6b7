import * as z from 'zod'
import { standing, type Standing } from './standing.ts'
import type { Store } from '../store/store.ts'
import { signToken, verifyToken } from '../auth/jwt.ts'
import type { KeyRing } from '../auth/key-ring.ts'

/** Another audience than that of access tokens: neither passes for the other. */
const AUDIENCE = 'roadstead-refresh'
/** As long as the keys allow: `docker login` keeps it instead of the password. */
const REFRESH_TOKEN_SECONDS = 90 * 24 * 60 * 60

/**
 * What a client keeps instead of a password, to get tokens by (RFC 6749 §1.5). It is worth nothing any more once the
 * password or secret that it was given for is another, or the account is gone; that is for its reader to look at.
 */
export type RefreshTokens = {
  readonly issue: (subject: string, ground: Standing) => Promise<string>
  /** `undefined`: not ours, or not any more. */
  readonly verify: (token: string) => Promise<Standing | undefined>
}

const payload = z.object({ standing })

export const createRefreshTokens = (store: Store, keys: KeyRing): RefreshTokens => ({
  issue: async (subject, ground) => {
    const { token } = await signToken(store, keys, {
      audience: AUDIENCE,
      subject,
      seconds: REFRESH_TOKEN_SECONDS,
      more: { standing: ground },
    })
    return token
  },
  verify: async (token) => {
    const claims = await verifyToken(store, keys, token, AUDIENCE)
    return claims && payload.parse(claims).standing
  },
})
