import type { Gate } from '../../shared/auth/gate.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Hashing } from '../../shared/registry/uploads/hashing.ts'

/** What the distribution API is made of; composed by `handler.ts` on Lambda and by `functions/server` on one machine. */
export type Deps = {
  readonly context: RegistryContext
  readonly hashing: Hashing
  readonly gate: Gate
  /** Told of every error that is not the client's, once, with its cause. */
  readonly reportError: (error: unknown, requestId: string) => void
}
