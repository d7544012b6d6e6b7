import { parseDigest } from '../../shared/oci/digest.ts'
import { GC_LOG_SHARDS, gcLogPartition, key } from '../../shared/table.ts'
import { manifestName, type Story } from './clients.ts'
import { REPOSITORIES } from './registry.ts'
import { LOGGED_RUN } from './worker.ts'

const LOG = Array.from({ length: GC_LOG_SHARDS }, (_, shard) => gcLogPartition(LOGGED_RUN, shard))

/**
 * Tells the ledger what the workers collected, as their log says: of manifests only those that are about others, for the
 * workers of most stories leave untagged ones alone.
 */
export const createNoteCollected = () => {
  const seen = new Set<string>()
  const note = (story: Story, pk: string): void => {
    const { broken, deletesUntagged, ledger, referrers } = story
    const { table } = story.world
    for (const sk of table.sortKeys(pk)) {
      if (seen.has(sk)) continue
      seen.add(sk)
      const line = table.get({ pk, sk })
      if (line?.['what'] !== 'manifest') continue
      const { digest, rid } = line
      const name = REPOSITORIES.find(
        ({ path, project }) => table.get(key.repositoryName(project, path))?.['rid'] === rid,
      )
      // Of a repository that is deleted nobody expects anything.
      if (name === undefined) continue
      const known = deletesUntagged
        ? parseDigest(String(digest))
        : [...referrers].find((one) => one === digest)
      if (known === undefined) {
        broken.push(`${String(digest)} was collected although it is about nothing`)
      } else {
        ledger.begin(manifestName(name, known), undefined).abandon()
      }
    }
  }
  return (story: Story): void => {
    for (const pk of LOG) note(story, pk)
  }
}
