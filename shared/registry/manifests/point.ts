import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/reference.ts'
import type { PutItem, TransactOperation } from '../../ports.ts'
import { readAll, type Found } from '../../store/batch.ts'
import type { Store } from '../../store/store.ts'
import {
  key,
  SCHEMA_VERSION,
  type Incarnation,
  type RepositoryId,
  type RepositoryRef,
} from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { parseTagRecord, type TagRecord } from './items.ts'

/** What tags point at before a push; absent ones are not in the map. */
export type TagsBefore = ReadonlyMap<Tag, TagRecord>

/** What a tag is made to point at. */
export type Target = RepositoryRef & {
  readonly digest: Digest
  readonly inc: Incarnation
  readonly mediaType: string
  readonly sizeBytes: number
}

/**
 * The writes that point a tag at a manifest; refused when it no longer points where it did. The manifest it leaves is
 * let go and reviewed. At most four writes a tag. `isHeld`: the tag holds the manifest already, by `holdByTag`.
 */
export const pointTag = (
  store: Store,
  tag: Tag,
  target: Target,
  before: TagRecord | undefined,
  { isHeld = false }: { readonly isHeld?: boolean } = {},
): readonly TransactOperation[] => {
  const { pid, rid, digest, inc, mediaType, sizeBytes } = target
  const now = store.clock.now()
  const operations: TransactOperation[] = [
    {
      op: 'put',
      item: {
        ...key.tag(rid, tag),
        v: SCHEMA_VERSION,
        digest,
        inc,
        mediaType,
        size: sizeBytes,
        pushedAt: now,
      },
      conditions:
        before === undefined
          ? [{ kind: 'absent' }]
          : [
              { kind: 'exists' },
              { kind: 'equals', name: 'digest', value: before.digest },
              { kind: 'equals', name: 'inc', value: before.inc },
            ],
    },
    ...(isHeld ? [] : [holdByTag(target, tag)]),
  ]
  if (before !== undefined && (before.digest !== digest || before.inc !== inc)) {
    operations.push({ op: 'delete', key: key.heldByTag(rid, before.digest, tag, before.inc) })
  }
  if (before !== undefined && before.digest !== digest) {
    operations.push(
      enqueue(store.ids, now, { type: 'MANIFEST_REVIEW', pid, rid, digest: before.digest }),
    )
  }
  return operations
}

/** The write by which a tag takes hold of a manifest. */
export const holdByTag = (
  { rid, digest, inc }: Pick<Target, 'rid' | 'digest' | 'inc'>,
  tag: Tag,
): PutItem => ({
  op: 'put',
  item: { ...key.heldByTag(rid, digest, tag, inc), v: SCHEMA_VERSION },
})

export const readTags = async (
  store: Store,
  rid: RepositoryId,
  tags: readonly Tag[],
): Promise<TagsBefore> => {
  const found = await readAll(
    store,
    tags.map((tag) => key.tag(rid, tag)),
    'strong',
  )
  return tagsIn(found, rid, tags)
}

/** What tags point at, among items that were read together with others. */
export const tagsIn = (found: Found, rid: RepositoryId, tags: readonly Tag[]): TagsBefore =>
  new Map(
    tags.flatMap((tag) => {
      const item = found.get(key.tag(rid, tag))
      return item === undefined ? [] : [[tag, parseTagRecord(item)] as const]
    }),
  )
