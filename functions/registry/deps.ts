import type { Door } from '../../shared/identity/door.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Hashing } from '../../shared/registry/uploads/hashing.ts'

/** What the distribution API is made of; composed by `handler.ts` on Lambda and by `functions/server` on one machine. */
export type Deps = Door & {
  readonly context: RegistryContext
  readonly hashing: Hashing
  /** By which clients reach the registry; without it, the URL that a request came by. */
  readonly externalUrl?: string | undefined
  /** Told of every error that is not the client's, once, with its cause. */
  readonly reportError: (error: unknown, requestId: string) => void
}
