import { bucketKey } from '../../shared/bucket.ts'
import { shutWayBack } from '../../shared/gc/delete-objects.ts'
import { holdersOfBlob, holdersOfLink } from '../../shared/gc/holders.ts'
import { collectLogged } from '../../shared/gc/review-manifest.ts'
import { condemn, examine, removal, type Holders } from '../../shared/guards/collect.ts'
import type { Guard } from '../../shared/guards/guard.ts'
import type { World } from '../../shared/memory/world.ts'
import { parseDigest } from '../../shared/oci/digest.ts'
import { PortError, type Item, type Key, type TransactOperation } from '../../shared/ports.ts'
import { refund } from '../../shared/quota/refund.ts'
import { parseBlob } from '../../shared/registry/blobs/items.ts'
import { doomObject } from '../../shared/registry/doom.ts'
import { releaseChildren, unpackDigests } from '../../shared/registry/manifests/children.ts'
import { giveUpIntent } from '../../shared/registry/manifests/intent.ts'
import { dropTags } from '../../shared/registry/manifests/untag.ts'
import { writeAll } from '../../shared/store/batch.ts'
import { timesOf, type Store } from '../../shared/store/store.ts'
import { transact } from '../../shared/store/transact.ts'
import {
  GUARD,
  key,
  type Incarnation,
  type ProjectId,
  type RepositoryId,
} from '../../shared/table.ts'
import type { Story } from './clients.ts'
import type { Registry } from './registry.ts'
import { gcOf } from './worker.ts'

/**
 * The most eager collector there can be: it reviews any guard at any time, whether there is a reason or not, and undoes
 * pushes, dooms uploads and deletes objects as soon as the protocol lets anybody do it. Whatever is safe from it is safe
 * from one that waits for its tasks.
 */
export const runCollector = async (
  { deletesUntagged, world }: Pick<Story, 'deletesUntagged' | 'world'>,
  registry: Registry,
): Promise<void> => {
  const { random } = world
  for (;;) {
    await registry.process.clock.sleep(random.below(200))
    const items = world.table.items()
    // Half the time only what there is to collect: else the more other items there are, the lazier it would be.
    const item = random.pick(random.chance(0.5) ? items.filter(isOfInterest) : items)
    if (item === undefined) continue
    try {
      const isManifest = item.pk.startsWith('MANIFEST#') && item.sk === GUARD
      if (isManifest && deletesUntagged) await collectUntagged(world, registry, item)
      else await review(registry, item, random.chance(0.05))
    } catch (error) {
      if (!(error instanceof PortError)) throw error
    }
  }
}

/** Whether `review` may do anything. */
const isOfInterest = ({ pk, sk, type }: Item): boolean =>
  (sk === GUARD && /^(?:BLOB|MANIFEST|OBJECT)#/.test(pk)) ||
  (pk.startsWith('BLOB#') && /^PROJECT#[^#]+#$/.test(sk)) ||
  type === 'INTENT_REVIEW' ||
  type === 'TOMBSTONE'

const review = async (registry: Registry, item: Item, isRare: boolean): Promise<void> => {
  const { pk, sk } = item
  if (pk.startsWith('BLOB#') && sk === GUARD) await collectBlob(registry, item)
  else if (pk.startsWith('BLOB#') && /^PROJECT#[^#]+#$/.test(sk)) await collectLink(registry, item)
  else if (pk.startsWith('MANIFEST#') && sk === GUARD && isRare) {
    // Condemned and left so, as by a collector that fell over: pushes must cope.
    await condemn(registry.context.store, item)
  } else if (item['type'] === 'INTENT_REVIEW' && isRare) await undoPush(registry, item)
  else if (item['type'] === 'TOMBSTONE') await clearUp(registry, item)
  else if (pk.startsWith('OBJECT#') && sk === GUARD) await reviewObject(registry, item, isRare)
}

const collectUntagged = async (world: World, registry: Registry, item: Item): Promise<void> => {
  const [, rid = '', digest = ''] = item.pk.split('#')
  const name = world.table
    .items()
    .find((other) => other.pk.startsWith('NAME#') && other['rid'] === rid)
  if (name === undefined) return
  const repository = { pid: String(name['pid']) as ProjectId, rid: rid as RepositoryId }
  await collectLogged(gcOf(registry), repository, parseDigest(digest), undefined)
}

/** A guard goes together with all of `effects` in one transaction, or not at all. */
const collect = async (
  store: Store,
  key: Key,
  holders: Holders,
  effects: (guard: Guard) => readonly TransactOperation[],
): Promise<void> => {
  const examined = await examine(store, key, holders)
  if (examined.outcome !== 'empty') return
  const { guard } = examined
  await transact(store, [removal(guard), ...effects(guard)])
}

const collectLink = async ({ context: { store } }: Registry, { pk, sk, ...rest }: Item) => {
  const pid = (sk.split('#')[1] ?? '') as ProjectId
  const digest = parseDigest(pk.slice('BLOB#'.length))
  await collect(store, { pk, sk }, holdersOfLink(store, digest, pid), () => [
    refund(store, pid, Number(rest['size'])),
  ])
}

const collectBlob = async ({ context: { store } }: Registry, { pk, sk }: Item) => {
  const digest = parseDigest(pk.slice('BLOB#'.length))
  await collect(store, { pk, sk }, holdersOfBlob(store, digest), ({ item }) =>
    doomObject(store, parseBlob(item).oid, {
      ...{ digest, dueAt: store.clock.now() + timesOf(store).trash },
      conditions: [{ kind: 'equals', name: 'state', value: 'OWN' }],
    }),
  )
}

/** The push that a task is about. */
const pushOf = (task: Item) => ({
  pid: String(task['pid']) as ProjectId,
  rid: String(task['rid']) as RepositoryId,
  digest: parseDigest(String(task['digest'])),
  inc: String(task['inc']) as Incarnation,
})

const undoPush = async ({ context: { store } }: Registry, task: Item): Promise<void> => {
  await giveUpIntent(store, pushOf(task))
}

const childrenOf = (item: Item) => {
  const unpack = (packed: unknown) => (packed instanceof Uint8Array ? unpackDigests(packed) : [])
  return { blobs: unpack(item['blobs']), manifests: unpack(item['manifests']) }
}

const clearUp = async ({ context: { store } }: Registry, item: Item): Promise<void> => {
  const pushed = pushOf(item)
  await writeAll(store, releaseChildren(pushed, childrenOf(item)))
  await dropTags(store, pushed)
}

const reviewObject = async (
  { context: { store, objects } }: Registry,
  item: Item,
  isRare: boolean,
): Promise<void> => {
  const oid = item.pk.slice('OBJECT#'.length) as Parameters<typeof bucketKey.object>[0]
  if (item['state'] === 'UP' && 'offset' in item && isRare) {
    await transact(store, [
      {
        op: 'update',
        key: key.object(oid),
        set: { state: 'DOOM', version: store.ids.next() },
        conditions: [
          { kind: 'equals', name: 'version', value: String(item['version']) },
          { kind: 'equals', name: 'state', value: 'UP' },
        ],
      },
    ])
  }
  if (item['state'] !== 'DOOM') return
  // Nobody waits for the trash here: whoever undeletes comes at any moment before this, or too late.
  if ((await shutWayBack(store, oid)) === 'done') {
    await objects.deleteMany([bucketKey.object(oid)])
  }
}
