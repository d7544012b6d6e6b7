import type { Door } from '../../shared/identity/door.ts'
import type { Actor } from '../../shared/audit/entry.ts'
import type { Digest } from '../../shared/oci/digest.ts'
import type { RepositoryName } from '../../shared/oci/name.ts'
import type { Reference } from '../../shared/oci/reference.ts'
import type { ObjectId, RepositoryRef } from '../../shared/table.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Hashing } from '../../shared/registry/uploads/hashing.ts'

export type Pull = {
  readonly actor: Actor
  readonly name: RepositoryName
  readonly repository: RepositoryRef
  /** As the client gave it. */
  readonly reference: Reference
  readonly digest: Digest
}

export type RequestLimit = {
  /** What a request with a piece of a blob should have, and what it can have. */
  readonly minChunkBytes: number
  readonly maxChunkBytes: number
  /** What to do with larger blobs, in a sentence for people. */
  readonly hint: string
}

/** What the distribution API is made of; composed by `handler.ts` on Lambda and by `functions/server` on one machine. */
export type Deps = Door & {
  readonly context: RegistryContext
  readonly hashing: Hashing
  /** What the platform takes in one request, where that is less than blobs have; clients are told when they begin. */
  readonly requestLimit?: RequestLimit | undefined
  /**
   * Sees to it that the object of a direct upload is read through, here or elsewhere. Waits a while, in case it is soon
   * over; to be asked again until it is.
   */
  readonly verify: (oid: ObjectId) => Promise<void>
  /** By which clients reach the registry; without it, the URL that a request came by. */
  readonly externalUrl?: string | undefined
  /** Whether administrators let nothing be changed at the moment. */
  readonly isReadOnly: () => Promise<boolean>
  /** Told of every manifest that was pulled; takes no time. */
  readonly pulled?: ((pull: Pull) => void) | undefined
  /** Told of every error that is not the client's, once, with its cause. */
  readonly reportError: (error: unknown, requestId: string) => void
}
