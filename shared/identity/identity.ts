import type { Principal } from '../auth/principal.ts'

/** Somebody who logged in, and by what. */
export type Identity = {
  readonly principal: Exclude<Principal, { kind: 'anonymous' }>
  /** Of the personal access token that was shown instead of the password. */
  readonly tokenId: string | undefined
}
