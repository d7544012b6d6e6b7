import type { RepositoryName } from '../oci/name.ts'
import type { Item } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { mergeWalks } from '../store/merge.ts'
import { together, type Listing, type Paging } from '../store/page.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { TRASH_ENTRIES, key, trashOf, type ProjectId, type RepositoryId } from '../table.ts'
import { sourcesOf } from './find.ts'
import { parseTrashEntry, type TrashEntry } from './items.ts'

/**
 * What can be brought back into a repository, the last deletions first; out of those that had the name before, too. What is
 * there again is left out, and so is the older of two deletions of the same. Reads all that is in the trash, which is no
 * more than was deleted within its period.
 */
export const listTrash = async (
  store: Store,
  pid: ProjectId,
  name: RepositoryName,
  { limit, skip = 0 }: Paging,
): Promise<Omit<Listing<TrashEntry>, 'more'>> => {
  const entries: TrashEntry[] = []
  let total = 0
  for await (const entry of walkTrash(store, pid, name)) {
    if (total >= skip && entries.length < limit) entries.push(entry)
    total += 1
  }
  return { entries, total }
}

const walkTrash = async function* (
  store: Store,
  pid: ProjectId,
  name: RepositoryName,
): AsyncGenerator<TrashEntry> {
  const { deleted, present } = await sourcesOf(store, pid, name)
  const rids = present === undefined ? deleted : [present, ...deleted]
  const seen = new Set<string>()
  // Their keys begin with the time, the last first.
  const merged = mergeWalks(
    rids.map((rid) => itemsOf(store, rid)),
    (one, other) => one.sk < other.sk,
  )
  for await (const items of together(merged)) {
    for (const entry of await stillGone(store, present, items.map(parseTrashEntry))) {
      const what = entry.tag ?? entry.digest
      if (!seen.has(what)) yield entry
      seen.add(what)
    }
  }
}

const itemsOf = async function* (store: Store, rid: RepositoryId): AsyncGenerator<Item> {
  const query = { pk: trashOf(rid), sk: { prefix: TRASH_ENTRIES }, read: 'strong' } as const
  for await (const items of pages(store, query)) yield* items
}

/** Those whose time is not over, and that are not there again. */
const stillGone = async (
  store: Store,
  present: RepositoryId | undefined,
  all: readonly TrashEntry[],
): Promise<readonly TrashEntry[]> => {
  const now = store.clock.now()
  const entries = all.filter(({ until }) => until > now)
  if (present === undefined) return entries
  const keyOf = ({ digest, tag }: TrashEntry) =>
    tag === undefined ? key.manifest(present, digest) : key.tag(present, tag)
  const found = await readAll(store, entries.map(keyOf), 'strong')
  return entries.filter((entry) => found.get(keyOf(entry)) === undefined)
}
