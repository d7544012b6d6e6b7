import { parseDigest, type Digest } from '../../shared/oci/digest.ts'
import { parseManifest } from '../../shared/oci/manifest.ts'
import type { Item } from '../../shared/ports.ts'
import { GUARD } from '../../shared/table.ts'
import { bodyOf, type Observed } from './invariants.ts'

/**
 * What is left when everything was worked off and nobody pushes: items and objects that no tag leads to, by an index, a
 * subject or a layer.
 */
export const garbage = (world: Observed): string[] => {
  const items = [...world.table.items()]
  const live = liveManifests(world, items)
  const blobs = new Set(
    [...live.values()].flatMap((guard) =>
      parseManifest(bodyOf(world, guard) ?? new Uint8Array(), undefined).blobs.map(
        ({ digest }): string => digest,
      ),
    ),
  )
  const rids = new Set(
    items.filter(({ pk }) => pk.startsWith('NAME#')).map(({ rid }) => String(rid)),
  )
  const incs = new Set([...live.values()].map(({ inc }) => String(inc)))
  const oids = new Set<string>()
  for (const { pk, sk, oid } of items) {
    if (sk === GUARD && (pk.startsWith('BLOB#') || live.has(pk))) oids.add(String(oid))
  }
  const isUsed = ({ pk, sk }: Item): boolean => {
    const [kind = '', first = '', second = ''] = pk.split('#')
    if (kind === 'TASK' || kind === 'PARKED' || kind === 'TRASH') return false
    if (sk.startsWith('DELETED#')) return false
    if (kind === 'REPOSITORY') return rids.has(first)
    if (kind === 'BLOB') return blobs.has(first) && isOfLive(sk, incs)
    if (kind === 'OBJECT') return oids.has(first) && sk === GUARD
    if (kind === 'MANIFEST') {
      if (sk.startsWith('REFERRER#')) return incs.has(sk.split('#').at(-1) ?? '')
      return live.has(pk) && second !== '' && isOfLive(sk, incs)
    }
    return true
  }
  return [
    ...items.filter((item) => !isUsed(item)).map(({ pk, sk }) => `garbage: ${pk} ${sk}`),
    ...[...world.bucket.objects.keys()]
      .filter((name) => !oids.has(name.split('/')[2] ?? '') || !name.startsWith('object/'))
      .map((name) => `garbage: ${name} in the bucket`),
  ]
}

/** A ref, an edge or a body is one of a manifest that lives; a lease is over by now. */
const isOfLive = (sk: string, incs: ReadonlySet<string>): boolean => {
  if (sk === GUARD || /^PROJECT#[^#]+#$/.test(sk)) return true
  return !sk.endsWith('#LEASE') && incs.has(sk.split('#').at(-1) ?? '')
}

/** Manifests that a tag leads to, by their partition. */
const liveManifests = (world: Observed, items: readonly Item[]): ReadonlyMap<string, Item> => {
  const guards = new Map(
    items
      .filter(({ pk, sk }) => pk.startsWith('MANIFEST#') && sk === GUARD)
      .map((item) => [item.pk, item] as const),
  )
  const live = new Map<string, Item>()
  const visit = (rid: string, digest: Digest): void => {
    const pk = `MANIFEST#${rid}#${digest}`
    const guard = guards.get(pk)
    if (guard === undefined || live.has(pk)) return
    live.set(pk, guard)
    const bytes = bodyOf(world, guard) ?? new Uint8Array()
    for (const child of parseManifest(bytes, undefined).manifests) visit(rid, child.digest)
    for (const other of guards.values()) {
      const [, otherRid = '', otherDigest = ''] = other.pk.split('#')
      if (otherRid === rid && other['subject'] === digest) visit(rid, parseDigest(otherDigest))
    }
  }
  for (const { pk, sk, digest } of items) {
    if (pk.startsWith('REPOSITORY#') && sk.startsWith('TAG#')) {
      visit(pk.slice('REPOSITORY#'.length), parseDigest(String(digest)))
    }
  }
  return live
}
