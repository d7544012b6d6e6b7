import type { Objects } from '../ports.ts'
import type { Repositories } from '../projects/repositories.ts'
import type { Store } from '../store/store.ts'

/** What the use cases of the registry work with. */
export type RegistryContext = {
  readonly store: Store
  readonly objects: Objects
  readonly repositories: Repositories
  readonly limits: Limits
  /** Whether a manifest may refer to what is not there, in projects that do not say. */
  readonly allowSparse: boolean
}

export type Limits = {
  /** Of one part of an upload while it has few; see `uploads/plan.ts`. At least `minPartBytes`. */
  readonly partBytes: number
  /** What the store takes as a part that is not the last. */
  readonly minPartBytes: number
  /** A manifest's body above this goes to the bucket: an item has at most 400 KB. */
  readonly inlineBodyBytes: number
  readonly maxManifestBytes: number
}

const KIB = 1024
const MIB = 1024 * KIB

export const DEFAULT_LIMITS: Limits = {
  partBytes: 5 * MIB,
  minPartBytes: 5 * MIB,
  inlineBodyBytes: 128 * KIB,
  // distribution-spec, "Pushing Manifests": clients and registries should expect at least 4 megabytes.
  maxManifestBytes: 4 * MIB,
}
