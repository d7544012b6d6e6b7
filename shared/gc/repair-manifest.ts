import { isAsSeen } from '../store/checks.ts'
import { protect } from '../guards/protect.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { TransactOperation } from '../ports.ts'
import { holdBlob } from '../registry/blobs/hold.ts'
import { childrenOf, guardsOf, holdChildren, type Pushed } from '../registry/manifests/children.ts'
import { readStored } from '../registry/manifests/get.ts'
import { tombstone } from '../registry/manifests/intent.ts'
import {
  parseListedAs,
  parseTagRecord,
  summaryOf,
  type ManifestRecord,
} from '../registry/manifests/items.ts'
import { holdByTag } from '../registry/manifests/point.ts'
import { relistAll } from '../registry/manifests/relist.ts'
import { putReferrer } from '../registry/referrers/referrers.ts'
import { readAll, writeAll } from '../store/batch.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, prefix } from '../table.ts'
import { parseKey } from '../table-parse.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { bringBack } from './bring-back.ts'
import type { Gc, Handler } from './gc.ts'
import { ownAgain } from './own-again.ts'

/**
 * Has a manifest take hold again of all that it refers to, and its tags of it, as a push does: the holds first, all
 * acknowledged, and then every guard, a condemned one rescued. What is in the trash is brought back then, for it is held.
 */
export const repairManifest: Handler<TaskOf<'MANIFEST_REPAIR'>> = async ({ context }, task) => {
  const { store } = context
  const { blob, digest, oid, pid, rid } = task
  const record = await readStored(context, rid, digest, 'strong')
  if (record === undefined) return 'done'
  const pushed: Pushed = { pid, rid, digest, inc: record.inc }
  const manifest = parseManifest(record.bytes, record.mediaType)
  const children = childrenOf(manifest)
  await writeAll(store, [
    ...holdChildren(pushed, children),
    ...(await tagsOf(store, pushed)).map((tag) => holdByTag(pushed, tag)),
  ])
  if (blob !== undefined && oid !== undefined) await bringBack(context, blob, oid)
  await listAgain(context, pushed, record, manifest)
  await protect(store, guardsOf(pushed, children))
  await linkAgain(store, pushed, children.blobs)
  // Where it is listed, and what it holds, may be another matter with these holds.
  await relistAll(store, pushed, [digest, ...children.manifests])
  const now = await getItem(store, key.manifest(rid, digest), 'strong')
  // It went meanwhile, perhaps before some of these holds came.
  if (now?.['inc'] !== record.inc) {
    const { op, item } = tombstone(store, pushed, children, undefined)
    await writeAll(store, [{ op, item }])
  }
  return 'done'
}

/** The tags that point at a manifest. */
const tagsOf = async (store: Store, { digest, inc, rid }: Pushed) => {
  const found = []
  const query = { pk: key.tagsOf(rid), sk: { prefix: prefix.tags }, read: 'strong' } as const
  for await (const items of pages(store, query)) {
    for (const item of items) {
      const leads = parseTagRecord(item)
      const of = parseKey(item)
      if (leads.digest === digest && leads.inc === inc && of?.kind === 'tag') found.push(of.tag)
    }
  }
  return found
}

/** What goes with the manifest's record alone: the lists that it is in, and the object of its body. */
const listAgain = async (
  { store }: Gc['context'],
  { digest, inc, pid, rid }: Pushed,
  { accessoryOf, oid, pushedAt, sizeBytes }: ManifestRecord,
  manifest: Manifest,
): Promise<void> => {
  const guard = await getItem(store, key.manifest(rid, digest), 'strong')
  if (guard?.['inc'] !== inc) return
  const object = oid && (await getItem(store, key.object(oid), 'strong'))
  const own =
    oid === undefined || object?.['state'] === 'OWN'
      ? undefined
      : ownAgain(store, oid, object, { pid, rid, digest, inc })
  const subject = manifest.subject?.digest
  const entry = key.listed(rid, parseListedAs(guard), pushedAt, digest)
  const isListed = (await getItem(store, entry, 'strong')) !== undefined
  const summary = summaryOf(manifest, inc, sizeBytes, pushedAt, accessoryOf)
  const operations: readonly TransactOperation[] = [
    isAsSeen(guard, 'inc', 'listedAs'),
    ...(isListed ? [] : [{ op: 'put', item: { ...entry, ...summary } } as const]),
    ...(subject === undefined ? [] : [putReferrer(rid, subject, manifest, digest, sizeBytes, inc)]),
    ...(own === undefined ? [] : [own]),
  ]
  await transact(store, operations)
}

/** A blob that is there without a link to it is linked again, which its project pays for. */
const linkAgain = async (
  store: Store,
  { pid, rid }: Pushed,
  blobs: readonly Parameters<typeof key.blob>[0][],
): Promise<void> => {
  const keys = blobs.map((one) => ({ one, blob: key.blob(one), link: key.link(one, pid) }))
  const found = await readAll(
    store,
    keys.flatMap(({ blob, link }) => [blob, link]),
    'strong',
  )
  for (const { blob, link, one } of keys) {
    const isLinked = found.get(link) !== undefined || found.get(blob) === undefined
    if (!isLinked) await holdBlob(store, one, { pid, rid })
  }
}
