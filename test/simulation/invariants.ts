import { bucketKey } from '../../shared/bucket.ts'
import { lockName } from '../../shared/memory/table.ts'
import { digestOf, parseDigest, type Digest } from '../../shared/oci/digest.ts'
import { parseManifest, type Manifest } from '../../shared/oci/manifest.ts'
import type { Item, Key } from '../../shared/ports.ts'
import { GUARD, key, type ObjectId, type ProjectId, type RepositoryId } from '../../shared/table.ts'
import { gunzipSync } from 'node:zlib'
import { brokenListings, byPartition } from './listings.ts'

/** Whatever a store is at one moment: a simulated world, or the dump of a real one. */
export type Observed = {
  readonly table: {
    readonly items: () => Iterable<Item>
    readonly get: (key: Key) => Item | undefined
    /** Names of items that a transaction is changing right now. */
    readonly locks: ReadonlySet<string>
  }
  readonly bucket: { readonly objects: ReadonlyMap<string, Uint8Array> }
}

/** The table by partition, as it is at one moment. */
type View = {
  readonly world: Observed
  readonly items: readonly Item[]
  readonly partitions: ReadonlyMap<string, readonly Item[]>
  readonly get: (key: Key) => Item | undefined
  /** Whether a transaction is changing the item right now. */
  readonly isLocked: (key: Key) => boolean
}

const look = (world: Observed): View => {
  const items = [...world.table.items()]
  return {
    world,
    items,
    partitions: byPartition(items),
    get: world.table.get,
    isLocked: (each) => world.table.locks.has(lockName(each)),
  }
}

/** What must hold at every moment, whoever is in the middle of what. Answers what does not. */
export const violations = (world: Observed): string[] => {
  const view = look(world)
  const isQuiet = world.table.locks.size === 0
  return [
    ...brokenManifests(view),
    ...brokenBlobs(view),
    ...(isQuiet
      ? [...brokenQuotas(view), ...brokenReferrers(view), ...brokenListings(view.partitions)]
      : []),
  ]
}

/** The project of every repository. */
const projects = (view: View): Map<string, ProjectId> =>
  new Map(
    view.items
      .filter(({ pk }) => pk.startsWith('NAME#'))
      .map((item) => [String(item['rid']), String(item['pid']) as ProjectId]),
  )

/** I1: a committed manifest has its body and every blob, linked and of the right size. I6: an index has its children. */
const brokenManifests = (view: View): string[] => {
  const pids = projects(view)
  return committed(view).flatMap((guard) => {
    const [, rid = '', digest = ''] = guard.pk.split('#')
    const pid = pids.get(rid)
    // Its repository is deleted, and it goes with it: nobody can ask for it any more.
    if (pid === undefined) return []
    const bytes = bodyOf(view.world, guard)
    if (bytes === undefined) return [`I1: ${guard.pk} has no body`]
    const manifest = parsed(bytes)
    const repository = { pid, rid: rid as RepositoryId }
    const inc = String(guard['inc']) as Parameters<typeof key.intent>[2]
    const blobs = manifest.blobs.flatMap((blob) => {
      const item = view.get(key.blob(blob.digest))
      const needed = [
        key.blobRef(blob.digest, repository, parseDigest(digest), inc),
        key.link(blob.digest, pid),
      ]
      const isWhole = item?.['size'] === blob.size && needed.every((each) => view.get(each))
      return isWhole ? [] : [`I1: ${guard.pk} ${inc} lacks blob ${blob.digest}`]
    })
    const children = manifest.manifests
      .filter((child) => view.get(key.manifest(repository.rid, child.digest)) === undefined)
      .map((child) => `I6: ${guard.pk} lacks manifest ${child.digest}`)
    return [...blobs, ...children]
  })
}

/** Bytes never change in place, so each body is parsed once. */
const manifests = new WeakMap<Uint8Array, Manifest>()

export const parsed = (bytes: Uint8Array): Manifest => {
  const manifest = manifests.get(bytes) ?? parseManifest(bytes, undefined)
  manifests.set(bytes, manifest)
  return manifest
}

/** Manifests whose commit or removal is not half visible at this moment. */
const committed = (view: View): Item[] =>
  [...view.partitions.values()].flatMap((items) => {
    const guard = items.find(({ pk, sk }) => pk.startsWith('MANIFEST#') && sk === GUARD)
    if (guard === undefined || isTorn(view, guard)) return []
    return [guard]
  })

const isTorn = (view: View, guard: Item): boolean => {
  const names = [...view.world.table.locks]
  return view.isLocked(guard) || names.some((name) => name.startsWith(`${guard.pk}\0#`))
}

export const bodyOf = (
  world: Pick<Observed, 'bucket' | 'table'>,
  guard: Item,
): Uint8Array | undefined => {
  if (typeof guard['oid'] === 'string') return bytesIn(world, guard)
  const body = world.table.get({ pk: guard.pk, sk: `#BODY#${String(guard['inc'])}` })
  return body && bytesIn(world, body)
}

/** The bytes that an item has, or those of its object. */
export const bytesIn = (
  { bucket }: Pick<Observed, 'bucket'>,
  { bytes, gzip, oid }: Item,
): Uint8Array | undefined => {
  if (typeof oid === 'string') return bucket.objects.get(bucketKey.object(oid as ObjectId))
  if (!(bytes instanceof Uint8Array)) return undefined
  return gzip === true ? gunzipSync(bytes) : bytes
}

/** I2: a blob's object is its own and in the bucket. I3: no object has two owners, and a doomed one has none. */
const brokenBlobs = (view: View): string[] => {
  const owners = new Map<string, string>()
  return view.items.flatMap((item) => {
    if (!item.pk.startsWith('BLOB#') || item.sk !== GUARD) return []
    const oid = String(item['oid']) as ObjectId
    const found: string[] = []
    if (owners.has(oid))
      found.push(`I3: ${oid} is owned by ${item.pk} and ${owners.get(oid) ?? ''}`)
    owners.set(oid, item.pk)
    if (view.isLocked(item) || view.isLocked(key.object(oid))) return found
    if (view.get(key.object(oid))?.['state'] !== 'OWN')
      found.push(`I2: ${item.pk} does not own ${oid}`)
    const bytes = view.world.bucket.objects.get(bucketKey.object(oid))
    if (bytes === undefined || bytes.byteLength !== item['size'])
      found.push(`I2: ${item.pk} has no object of its size`)
    else if (digestOfBytes(bytes) !== item.pk.slice('BLOB#'.length)) {
      found.push(`I2: ${item.pk} has other bytes than its name says`)
    }
    return found
  })
}

/** An object's bytes never change in place, so each is hashed once. */
const digests = new WeakMap<Uint8Array, Digest>()

const digestOfBytes = (bytes: Uint8Array): Digest => {
  const digest = digests.get(bytes) ?? digestOf(bytes)
  digests.set(bytes, digest)
  return digest
}

/** I4: what is left of a quota is what its links leave, and no share is left when the limit is exceeded. */
const brokenQuotas = (view: View): string[] => {
  const used = new Map<string, number>()
  for (const { pk, sk, size } of view.items) {
    const [, pid] = /^PROJECT#([^#]+)#$/.exec(sk) ?? []
    if (pk.startsWith('BLOB#') && pid !== undefined)
      used.set(pid, (used.get(pid) ?? 0) + Number(size))
  }
  return [...view.partitions].flatMap(([pk, items]) => {
    if (!pk.startsWith('QUOTA#')) return []
    return brokenQuota(items, used.get(pk.slice('QUOTA#'.length)) ?? 0)
  })
}

/** @param stored bytes that the links of the project come to */
export const brokenQuota = (items: readonly Item[], stored: number): string[] => {
  const sum = (name: string): number =>
    items.reduce((total, item) => total + Number(item[name] ?? 0), 0)
  const first = items.find(({ sk }) => sk === GUARD)
  if (first === undefined) return ['I4: a quota has lost its first item']
  const [left, used, limit] = [
    sum('available') + sum('returned'),
    sum('used'),
    Number(first['limit']),
  ]
  const shares = sum('available') - Number(first['available'])
  return [
    ...(used === stored ? [] : [`I4: ${first.pk} says ${used} are used, its links say ${stored}`]),
    ...(left === limit - stored ? [] : [`I4: ${first.pk} has ${left} left of ${limit}`]),
    ...(Number(first['available']) < 0 && shares > 0
      ? [`I4: ${first.pk} is exceeded, and yet ${shares} are left in shares`]
      : []),
  ]
}

/** I7: the referrers of a digest are the committed manifests with that subject. */
const brokenReferrers = (view: View): string[] => {
  const wanted = committed(view)
    .filter(({ subject }) => subject !== undefined)
    .map((guard) => {
      const [, rid = '', digest = ''] = guard.pk.split('#')
      return `${rid} ${String(guard['subject'])} ${digest} ${String(guard['inc'])}`
    })
  const listed = view.items.flatMap(({ pk, sk }) => {
    if (!sk.startsWith('REFERRER#')) return []
    const [, rid = '', subject = ''] = pk.split('#')
    const [digest = '', inc = ''] = sk.split('#').slice(-2)
    return [`${rid} ${subject} ${digest} ${inc}`]
  })
  const difference = [...new Set(wanted).symmetricDifference(new Set(listed))]
  return difference.map((entry) => `I7: the list of referrers and the manifests differ in ${entry}`)
}
