import { createFactory } from 'hono/factory'
import type { Visitor } from '../../shared/identity/visitor.ts'
import type { RepositoryName } from '../../shared/oci/name.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import type { Deps } from './deps.ts'
import type { Bindings } from './http/bindings.ts'

export type RegistryEnv = {
  /** Given by the server or by the Lambda adapter; absent under `app.request()`. */
  Bindings: Bindings & {
    /** The body as the platform streams it, which is faster than the one of the web's Request. */
    readonly body?: Batches | undefined
  }
  Variables: { deps: Deps; requestId: string; repository: RepositoryName; visitor: Visitor }
}

export const factory = createFactory<RegistryEnv>()
