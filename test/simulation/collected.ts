import { GC_LOG_SHARDS, gcLogPartition, key } from '../../shared/table.ts'
import { manifestName, type Story } from './clients.ts'
import { REPOSITORIES } from './registry.ts'
import { LOGGED_RUN } from './worker.ts'

const LOG: ReadonlySet<string> = new Set(
  Array.from({ length: GC_LOG_SHARDS }, (_, shard) => gcLogPartition(LOGGED_RUN, shard)),
)

/**
 * Tells the ledger what the workers collected, as their log says: of manifests only those that are about others, for the
 * workers of a story leave untagged ones alone.
 */
export const createNoteCollected = () => {
  const seen = new Set<string>()
  return ({ broken, ledger, referrers, world: { table } }: Story): void => {
    for (const { digest, pk, rid, sk, what } of table.items()) {
      if (!LOG.has(pk) || what !== 'manifest' || seen.has(sk)) continue
      seen.add(sk)
      const name = REPOSITORIES.find(
        ({ path, project }) => table.get(key.repositoryName(project, path))?.['rid'] === rid,
      )
      const known = [...referrers].find((one) => one === digest)
      if (name === undefined || known === undefined) {
        broken.push(`${String(digest)} was collected although it is about nothing`)
      } else {
        ledger.begin(manifestName(name, known), undefined).abandon()
      }
    }
  }
}
