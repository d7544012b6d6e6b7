import type { AuditEvent } from '../audit/entry.ts'
import type { ProjectName, RepositoryName } from '../oci/name.ts'
import { fullReference, type Reference } from '../oci/reference.ts'
import type { Objects, TransactOperation } from '../ports.ts'
import type { Quota } from '../quota/items.ts'
import type { Repositories } from '../projects/repositories.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'

/** What the use cases of the registry work with. */
export type RegistryContext = {
  readonly store: Store
  readonly objects: Objects
  readonly repositories: Repositories
  readonly limits: Limits
  /** Whether a manifest may refer to what is not there, in projects that do not say. */
  readonly allowSparse: boolean
  /** Told when a push goes into a project that has used most of its storage. */
  readonly quotaWarned?: ((warning: QuotaWarning) => void) | undefined
  /** The writes that put something into the audit log, on behalf of whoever asks; nothing is logged without. */
  readonly audit?: ((event: AuditEvent) => readonly TransactOperation[]) | undefined
}

export type QuotaWarning = Quota & { readonly pid: ProjectId; readonly project: ProjectName }

/** The audit log's writes for what happens to an artifact or a tag. */
export const logged = (
  { audit }: RegistryContext,
  operation: 'create' | 'delete',
  resourceType: 'artifact' | 'tag',
  { name, pid, reference }: Logged,
): readonly TransactOperation[] => {
  const resource = fullReference(name, reference)
  return audit?.({ operation, resourceType, resource, pid }) ?? []
}

type Logged = {
  readonly name: RepositoryName
  readonly pid: ProjectId
  readonly reference: Reference
}

export type Limits = {
  /** Of one part of an upload while it has few; see `uploads/plan.ts`. At least `minPartBytes`. */
  readonly partBytes: number
  /** What the store takes as a part that is not the last. */
  readonly minPartBytes: number
  /** A blob above this is uploaded directly in parts, which go side by side and can be resumed. */
  readonly directPutBytes: number
  /** Of one part of a direct upload, unless there would be too many; at least `minPartBytes`. */
  readonly directPartBytes: number
  /** A pass over an object that is to be verified is written down each time it has read so much more. */
  readonly checkpointBytes: number
  /** A manifest's body above this goes to the bucket: an item has at most 400 KB. */
  readonly inlineBodyBytes: number
  readonly maxManifestBytes: number
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

export const DEFAULT_LIMITS: Limits = {
  partBytes: 5 * MIB,
  minPartBytes: 5 * MIB,
  // S3 compares the checksum of what is put at once; parts it takes on trust, and somebody must read them again.
  directPutBytes: GIB,
  directPartBytes: 16 * MIB,
  checkpointBytes: 256 * MIB,
  inlineBodyBytes: 128 * KIB,
  // distribution-spec, "Pushing Manifests": clients and registries should expect at least 4 megabytes.
  maxManifestBytes: 4 * MIB,
}
