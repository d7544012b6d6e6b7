import { parseManifest } from '../../oci/manifest.ts'
import type { Item, Key } from '../../ports.ts'
import { readBody } from '../../registry/manifests/body.ts'
import { parseListedAs, parseManifestRecord } from '../../registry/manifests/items.ts'
import { nameOf, readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { retry } from '../../store/retry.ts'
import { key } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAbsent, isAsFound, isAsSeen } from '../../store/checks.ts'
import { expectedOf, keysOf, missingOf } from '../expected.ts'
import { headOf } from '../look.ts'
import { sideBySide } from '../../limiter.ts'
import {
  entriesOf,
  type Check,
  type CheckContext,
  type Entry,
  type FromTrash,
  type Suspect,
} from '../suspect.ts'
import { token } from '../tokens.ts'

/** So many absences fit into the transaction that confirms them. */
const CONFIRMED_AT_ONCE = 90

/**
 * A manifest has its own bytes; it holds everything that it refers to, and all of that is there; it is listed. While its
 * incarnation stays, so does all of this: what is absent between two looks at the incarnation is missing.
 */
export const checkManifests: Check = async (context, entries) => {
  const bodies = new Map(entriesOf(entries, 'body').map(({ item }) => [nameOf(item), item]))
  const found = await sideBySide(
    entriesOf(entries, 'manifest'),
    async ({ item, of }): Promise<readonly Suspect[]> => {
      const pid = await context.projectOf(of.rid)
      // Its repository is being deleted, and this with it.
      if (pid === undefined) return []
      const record = parseManifestRecord(item)
      return await checkOne(context, { ...of, item, record, pid }, bodies)
    },
  )
  return found.flat()
}

type One = Extract<Entry['of'], { readonly kind: 'manifest' }> & {
  readonly item: Item
  readonly record: ReturnType<typeof parseManifestRecord>
  readonly pid: NonNullable<Awaited<ReturnType<CheckContext['projectOf']>>>
}

const checkOne = async (
  context: CheckContext,
  one: One,
  bodies: ReadonlyMap<string, Item>,
): Promise<readonly Suspect[]> => {
  const { digest, item, pid, record, rid } = one
  const bytes = await bodyOf(context, one, bodies)
  if (bytes === undefined) return [withoutBody(context, one)]
  const isSparse = item['isSparse'] === true || (await context.allowsSparse(pid))
  const manifest = parseManifest(bytes, record.mediaType)
  const pushed = { pid, rid, digest, inc: record.inc }
  const listed = { ...record, listedAs: parseListedAs(item) }
  const expected = expectedOf(pushed, listed, manifest, isSparse)
  const object = record.oid === undefined ? [] : [key.object(record.oid)]
  const found = await readAll(context.store, [...keysOf(expected), ...object], 'eventual')
  const missing = missingOf(expected, (each) => found.get(each) !== undefined)
  const unheld = [...missing.own, ...missing.links]
  return [
    ...(unheld.length > 0 ? [notHeld(context, one, unheld)] : []),
    ...missing.blobs.map(({ blob, digest: lost }) => ({
      ...gone(context, one, blob),
      finding: { kind: 'blobWithoutRecord' as const, ...about(one), blob: lost },
      fromTrash: fromTrash(one, lost),
    })),
    ...missing.manifests.map(({ guard, digest: child }) => ({
      ...gone(context, one, guard),
      finding: { kind: 'childWithoutRecord' as const, ...about(one), blob: child },
    })),
    ...object
      .filter((each) => found.get(each)?.['state'] !== 'OWN')
      .map((each) => withoutObject(context, one, each)),
  ]
}

const about = ({ digest, pid, rid }: One) => ({ pid, rid, manifest: digest })

const bodyOf = async (
  { objects, store }: CheckContext,
  { digest, record, rid }: One,
  bodies: ReadonlyMap<string, Item>,
): Promise<Uint8Array | undefined> => {
  const at = key.manifestBody(rid, digest, record.inc)
  const item =
    record.oid === undefined
      ? (bodies.get(nameOf(at)) ?? (await getItem(store, at, 'strong')))
      : undefined
  return await retry(store, async () => await readBody(objects, record, item))
}

const withoutBody = (context: CheckContext, one: One): Suspect => {
  const { digest, item, record, rid } = one
  const { oid } = record
  return {
    finding: { kind: 'manifestWithoutBody', ...about(one), oid },
    awaits: [],
    repair: [],
    confirm: async () => {
      if (oid === undefined) {
        const absent = isAbsent(key.manifestBody(rid, digest, record.inc))
        return await isSo(context.store, [isAsSeen(item, 'inc'), absent])
      }
      if ((await headOf(context, oid)) !== undefined) return false
      return await isSo(context.store, [isAsSeen(item, 'inc')])
    },
  }
}

const notHeld = ({ store }: CheckContext, one: One, unheld: readonly Key[]): Suspect => {
  const { digest, item, pid, rid } = one
  return {
    finding: { kind: 'childNotHeld', ...about(one) },
    awaits: [token.repair(rid, digest)],
    repair: [{ type: 'MANIFEST_REPAIR', pid, rid, digest }],
    confirm: async () => {
      const found = await readAll(store, unheld, 'strong')
      const still = unheld.filter((each) => found.get(each) === undefined)
      if (still.length === 0) return false
      const absences = still.slice(0, CONFIRMED_AT_ONCE).map(isAbsent)
      // Where it is listed elsewhere by now, so is its entry.
      return await isSo(store, [isAsSeen(item, 'inc', 'listedAs'), ...absences])
    },
  }
}

/** What it refers to has no record. */
const gone = ({ store }: CheckContext, { item }: One, guard: Key) => ({
  awaits: [],
  repair: [],
  confirm: async () => await isSo(store, [isAsSeen(item, 'inc'), isAbsent(guard)]),
})

const fromTrash = (one: One, blob: FromTrash['blob']): FromTrash => ({
  blob,
  found: (oid) => ({
    finding: { kind: 'blobInTrash', ...about(one), blob, oid },
    repair: [{ type: 'MANIFEST_REPAIR', ...of(one), blob, oid }],
  }),
})

const of = ({ digest, pid, rid }: One) => ({ pid, rid, digest })

/** The object of a large body. */
const withoutObject = ({ store }: CheckContext, one: One, at: Key): Suspect => {
  const { item, record, rid } = one
  const { oid } = record
  return {
    finding: { kind: 'blobWithoutObject', ...about(one), oid },
    awaits: [token.repair(rid, one.digest)],
    repair: [{ type: 'MANIFEST_REPAIR', ...of(one), oid }],
    confirm: async () => {
      const found = await getItem(store, at, 'strong')
      if (found?.['state'] === 'OWN') return false
      return await isSo(store, [isAsSeen(item, 'inc'), isAsFound(at, found, 'state')])
    },
  }
}
