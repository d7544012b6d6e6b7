import { parseTag, type Tag } from '../../oci/reference.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { TransactOperation } from '../../ports.ts'
import { writeAll } from '../../store/batch.ts'
import { getItem, pages } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key, parseHolder, prefix, type RepositoryId } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { nameUnknown } from '../blobs/find.ts'
import { logged, type RegistryContext } from '../context.ts'
import { trashTag } from '../trash.ts'
import type { Pushed } from './children.ts'
import { manifestUnknown } from './get.ts'
import { parseTagRecord, type TagRecord } from './items.ts'
import { relistAtOnce } from './relist.ts'

const TAGS_PER_PAGE = 25

/**
 * Deletes a tag; its manifest stays, and is reviewed for collection.
 * @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN
 */
export const deleteTag = async (
  context: RegistryContext,
  name: RepositoryName,
  tag: Tag,
): Promise<void> => {
  const { store, repositories } = context
  const repository = await repositories.existing(name)
  if (repository === undefined) throw nameUnknown(name)
  const { pid, rid } = repository
  for (;;) {
    const item = await getItem(store, key.tag(rid, tag), 'strong')
    if (item === undefined) throw manifestUnknown({ kind: 'tag', tag })
    const record = parseTagRecord(item)
    const { digest } = record
    const outcome = await transact(store, [
      ...unpoint(store, rid, tag, record),
      enqueue(store.ids, store.clock.now(), { type: 'MANIFEST_REVIEW', pid, rid, digest }),
      ...logged(context, 'delete', 'tag', { ...repository, name, reference: { kind: 'tag', tag } }),
    ])
    if (!outcome.done) continue
    await relistAtOnce(store, repository, [digest])
    return
  }
}

type Gone = Pick<Pushed, 'rid' | 'digest' | 'inc'>

/**
 * Deletes the tags that still point at an incarnation of a manifest that is gone. Nobody can pull by them any more; one
 * that was pointed elsewhere meanwhile is left alone, but its hold on this incarnation goes.
 */
export const dropTags = async (store: Store, { rid, digest, inc }: Gone): Promise<void> => {
  const { pk } = key.manifest(rid, digest)
  const query = {
    pk,
    sk: { prefix: prefix.holdingTags },
    limit: TAGS_PER_PAGE,
    read: 'strong',
  } as const
  for await (const items of pages(store, query)) {
    const holders = items.filter(({ sk }) => parseHolder(sk).inc === inc)
    const left = await Promise.all(
      holders.map(async ({ sk }) => {
        const tag = parseTag(parseHolder(sk).tag)
        const outcome = await transact(store, unpoint(store, rid, tag, { digest, inc }))
        return outcome.done ? [] : [{ op: 'delete' as const, key: { pk, sk } }]
      }),
    )
    // Of a push that was never committed, or of a tag that points elsewhere: they hold nothing.
    await writeAll(store, left.flat())
  }
}

const unpoint = (
  store: Store,
  rid: RepositoryId,
  tag: Tag,
  { digest, inc }: Pick<TagRecord, 'digest' | 'inc'>,
): readonly TransactOperation[] => [
  {
    op: 'delete',
    key: key.tag(rid, tag),
    conditions: [
      { kind: 'exists' },
      { kind: 'equals', name: 'digest', value: digest },
      { kind: 'equals', name: 'inc', value: inc },
    ],
  },
  { op: 'delete', key: key.heldByTag(rid, digest, tag, inc) },
  ...trashTag(store, rid, tag, digest),
]
