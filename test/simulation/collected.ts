import { parseDigest } from '../../shared/oci/digest.ts'
import { gcLogPartition, key } from '../../shared/table.ts'
import { manifestName, type Story } from './clients.ts'
import { REPOSITORIES } from './registry.ts'
import { LOG_ID } from './worker.ts'

/**
 * Tells the ledger what the workers collected, as their log says: of manifests only those that are about others, for the
 * workers of most stories leave untagged ones alone.
 */
export const createNoteCollected = () => {
  const seen = new Set<string>()
  const pk = gcLogPartition(LOG_ID)
  return ({ broken, deletesUntagged, ledger, referrers, world: { table } }: Story): void => {
    const lines = table.sortKeys(pk)
    if (lines.length === seen.size) return
    for (const sk of lines) {
      if (seen.has(sk)) continue
      seen.add(sk)
      const line = table.get({ pk, sk })
      if (line?.['what'] !== 'manifest') continue
      const { digest, rid } = line
      const name = REPOSITORIES.find(
        ({ path, project }) => table.get(key.repositoryName(project, path))?.['rid'] === rid,
      )
      const known = deletesUntagged
        ? parseDigest(String(digest))
        : [...referrers].find((one) => one === digest)
      if (name === undefined || known === undefined) {
        broken.push(`${String(digest)} was collected although it is about nothing`)
      } else {
        ledger.begin(manifestName(name, known), undefined).abandon()
      }
    }
  }
}
