import { bucketKey } from '../../shared/bucket.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Tag } from '../../shared/oci/reference.ts'
import type { Digest } from '../../shared/oci/digest.ts'
import { lockName } from '../../shared/memory/table.ts'
import { key, type RepositoryId } from '../../shared/table.ts'
import type { Story } from './clients.ts'

const LOG = 'GCLOG#'

/**
 * Compares what clients were promised with what there is. I5: an acknowledged tag leads to its manifest until it is moved
 * or deleted. I11: what was deleted is gone, by digest and by tag.
 */
export const brokenPromises = ({ deletesUntagged, world, ledger }: Story): string[] => {
  const { table } = world
  return ledger.names().flatMap((name) => {
    const possible = ledger.possible(name)
    const [kind, repository = '', what = ''] = name.split(' ')
    const parsed = parseRepositoryName(repository)
    const named = key.repositoryName(parsed.project, parsed.path)
    // Where there is no such repository there is nothing in it.
    const id = String(table.get(named)?.['rid']) as RepositoryId
    if (table.locks.has(lockName(named))) return []
    const guard = (digest: unknown) => key.manifest(id, String(digest) as Digest)
    if (kind === 'manifest') {
      // Neither is half a collection: its line in the log comes behind the guard.
      const isCollected = [...table.locks].some((lock) => lock.startsWith(LOG))
      if (isCollected || table.locks.has(lockName(guard(what)))) return []
      const actual = table.get(guard(what)) === undefined ? undefined : 'present'
      return possible.includes(actual) ? [] : [`I5/I11: ${name} is ${String(actual)}`]
    }
    const tag = key.tag(id, what as Tag)
    if (table.locks.has(lockName(tag))) return []
    const digest = table.get(tag)?.['digest']
    // A tag whose manifest is gone leads nowhere, and is as good as deleted.
    const actual =
      digest !== undefined && table.get(guard(digest)) !== undefined ? digest : undefined
    // A retag that meets the collector of its manifest pushes it again; until it has, or when it dies before, the tag
    // leads nowhere, though nobody was told that it leads there.
    if (deletesUntagged && actual === undefined && possible.length > 1) return []
    return possible.includes(typeof actual === 'string' ? actual : undefined)
      ? []
      : [`I5/I11: ${name} leads to ${String(actual)}, not to one of ${possible.join(' ')}`]
  })
}

/** I12: who was given a URL can pull by it for as long as it is good. */
export const brokenPulls = ({ pulls, world: { bucket, scheduler } }: Story): string[] => {
  const now = scheduler.now()
  return [...(pulls ?? [])].flatMap(([oid, until]) =>
    until < now || bucket.objects.has(bucketKey.object(oid))
      ? []
      : [`I12: ${oid} was deleted ${until - now} ms before its last URL is over`],
  )
}
