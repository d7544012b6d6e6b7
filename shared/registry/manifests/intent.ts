import * as z from 'zod'
import { bucketKey } from '../../bucket.ts'
import type { PutItem, TransactOperation } from '../../ports.ts'
import { writeAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key, SCHEMA_VERSION, type ObjectId } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import type { RegistryContext } from '../context.ts'
import { doomObject } from '../doom.ts'
import { encodeBody } from './body.ts'
import {
  packDigests,
  releaseChildren,
  unpackDigests,
  type Children,
  type Pushed,
} from './children.ts'
import type { Push } from './push.ts'

/**
 * Says what is about to be pushed before anything of it is written, so that whatever becomes of the pusher, its refs can
 * be found and undone. A body too large for the table gets its object here; a smaller one goes with the commit.
 */
export const beginPush = async (
  { store, limits }: RegistryContext,
  given: Omit<Push, 'body' | 'oid'>,
): Promise<Push> => {
  const { pushed, children } = given
  const body = encodeBody(given.bytes)
  const oid =
    body.bytes.byteLength > limits.inlineBodyBytes
      ? (store.ids.nextBeside() as ObjectId)
      : undefined
  const now = store.clock.now()
  const operations: TransactOperation[] = [
    {
      op: 'put',
      item: {
        ...key.intent(pushed.rid, pushed.digest, pushed.inc),
        v: SCHEMA_VERSION,
        blobs: packDigests(children.blobs),
        manifests: packDigests(children.manifests),
        createdAt: now,
        ...(oid === undefined ? {} : { oid }),
      },
      conditions: [{ kind: 'absent' }],
    },
    enqueue(store.ids, now + timesOf(store).intentReview, {
      type: 'INTENT_REVIEW',
      ...identity(pushed),
    }),
  ]
  if (oid !== undefined) {
    operations.push({
      op: 'put',
      item: {
        ...key.object(oid),
        v: SCHEMA_VERSION,
        state: 'UP',
        version: pushed.inc,
        ...identity(pushed),
        createdAt: now,
        updatedAt: now,
      },
    })
  }
  await transact(store, operations)
  return { ...given, body, oid }
}

/** Writes the body of a large manifest under the object that its intent announced. */
export const putLargeBody = async (
  { objects }: RegistryContext,
  { oid, bytes }: Push,
): Promise<void> => {
  if (oid !== undefined) await objects.put(bucketKey.object(oid), [bytes], { ifAbsent: true })
}

/**
 * What a tombstone must know to let go of the children of a manifest that is gone. `until`: its body is kept for so long.
 */
export const tombstone = (
  store: Store,
  pushed: Pushed,
  children: Children,
  oid: ObjectId | undefined,
  { until }: { readonly until?: number } = {},
): PutItem => {
  return enqueue(store.ids, store.clock.now(), {
    type: 'TOMBSTONE',
    ...identity(pushed),
    blobs: packDigests(children.blobs),
    manifests: packDigests(children.manifests),
    ...{ oid, until },
  })
}

/** Undoes a push that was begun and will not be committed. The tombstone does the rest should we fall over here. */
export const abandon = async (
  { store }: Pick<RegistryContext, 'store'>,
  { pushed, children, oid, tags }: Push,
): Promise<void> => {
  const outcome = await transact(store, [
    {
      op: 'delete',
      key: key.intent(pushed.rid, pushed.digest, pushed.inc),
      conditions: [{ kind: 'exists' }],
    },
    tombstone(store, pushed, children, oid),
  ])
  if (!outcome.done) return
  const { rid, digest, inc } = pushed
  await writeAll(store, [
    ...releaseChildren(pushed, children),
    ...tags.map((tag) => ({ op: 'delete' as const, key: key.heldByTag(rid, digest, tag, inc) })),
  ])
}

/**
 * Gives up a push that left its intent and was never heard of again: it cannot be committed any more, and its tombstone
 * undoes what it wrote.
 */
export const giveUpIntent = async (store: Store, pushed: Pushed): Promise<void> => {
  const intent = key.intent(pushed.rid, pushed.digest, pushed.inc)
  const item = await getItem(store, intent, 'strong')
  if (item === undefined) return
  const { blobs, manifests, oid } = intentItem.parse(item)
  const children = { blobs: unpackDigests(blobs), manifests: unpackDigests(manifests) }
  await transact(store, [
    { op: 'delete', key: intent, conditions: [{ kind: 'exists' }] },
    tombstone(store, pushed, children, oid as ObjectId | undefined),
  ])
}

const intentItem = z.object({
  blobs: z.instanceof(Uint8Array),
  manifests: z.instanceof(Uint8Array),
  oid: z.string().optional(),
})

/**
 * Gives the object of a body up, its manifest or push being gone; `until`: it is to be in the trash for so long. Safe to
 * repeat.
 */
export const doomBody = async (
  store: Store,
  oid: ObjectId,
  until = store.clock.now(),
): Promise<void> => {
  const item = await getItem(store, key.object(oid), 'strong')
  if (item === undefined || item['state'] === 'DOOM') return
  const conditions = [{ kind: 'equals', name: 'state', value: String(item['state']) }] as const
  await transact(store, doomObject(store, oid, { conditions, dueAt: until }))
}

const identity = ({ pid, rid, digest, inc }: Pushed) => ({ pid, rid, digest, inc })
