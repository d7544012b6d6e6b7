import { createKeyRing, type KeyRing } from '../auth/key-ring.ts'
import type { Store } from '../store/store.ts'
import { createGate, createOpenGate, type Gate, type GateOptions } from './gate.ts'
import { createRefreshTokens } from './refresh-tokens.ts'
import { createTokenService, type TokenService } from './token-service.ts'
import { createTokens } from './tokens.ts'

/** All that a request meets before it reaches the registry. */
export type Door = {
  readonly gate: Gate
  readonly tokenService: TokenService
  readonly keys: KeyRing
}

/** A door that opens to who logs in; `open`: to everybody, who may then do everything. */
export const createDoor = (
  store: Store,
  options: Pick<GateOptions, 'logIn' | 'makeProject'> | 'open',
): Door => {
  const keys = createKeyRing(store)
  const tokens = createTokens(store, keys)
  const gate = options === 'open' ? createOpenGate() : createGate({ store, tokens, ...options })
  const refreshTokens = createRefreshTokens(store, keys)
  return { gate, keys, tokenService: createTokenService({ store, gate, tokens, refreshTokens }) }
}
