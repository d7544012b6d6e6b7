import type { Digest } from '../../oci/digest.ts'
import type { Item, TransactOperation } from '../../ports.ts'
import { COUNT_SHARDS, key, SCHEMA_VERSION, type ListedAs, type RepositoryId } from '../../table.ts'
import { parseListedAs, parseManifestRecord } from './items.ts'

/**
 * Counts what comes to the list of artifacts or leaves it; rides in the transaction that does it. `changedAt`: when a
 * manifest came or went, in epoch milliseconds; absent where one is only listed elsewhere.
 */
export const countArtifact = (
  rid: RepositoryId,
  digest: Digest,
  { by, changedAt }: { readonly by: number; readonly changedAt?: number },
): TransactOperation => ({
  op: 'update',
  key: key.artifactCount(rid, shardOf(digest)),
  set: { v: SCHEMA_VERSION, ...(changedAt !== undefined && { changedAt }) },
  add: { artifacts: by },
})

/** How often a manifest of this guard is counted where it is listed so: accessories never are, wherever they are. */
export const timesCounted = (guard: Item, as: ListedAs = parseListedAs(guard)): number =>
  as === 'artifact' && parseManifestRecord(guard).accessoryOf === undefined ? 1 : 0

/** The same when it goes as when it came. */
const shardOf = (digest: Digest): number =>
  Number.parseInt(digest.slice(digest.indexOf(':') + 1).charAt(0), 16) % COUNT_SHARDS
