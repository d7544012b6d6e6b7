import type { Digest } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import type { TransactOperation } from '../../ports.ts'
import { COUNT_SHARDS, key, SCHEMA_VERSION, type RepositoryId } from '../../table.ts'

type Counted = {
  readonly by: 1 | -1
  readonly isAccessory: boolean
  readonly manifest: Pick<Manifest, 'manifests'>
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * Counts a manifest that comes or goes: artifacts proper, and the indexes among all, since only where there are some a
 * manifest may be a mere part of another. Rides in the transaction of what it counts.
 */
export const countArtifact = (
  rid: RepositoryId,
  digest: Digest,
  { by, isAccessory, manifest, now }: Counted,
): TransactOperation => ({
  op: 'update',
  key: key.artifactCount(rid, shardOf(digest)),
  set: { v: SCHEMA_VERSION, changedAt: now },
  add: {
    artifacts: isAccessory ? 0 : by,
    indexes: manifest.manifests.length > 0 ? by : 0,
  },
})

/** The same when it goes as when it came. */
const shardOf = (digest: Digest): number =>
  Number.parseInt(digest.slice(digest.indexOf(':') + 1).charAt(0), 16) % COUNT_SHARDS
