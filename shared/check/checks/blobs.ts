import { holdersOfBlob } from '../../gc/holders.ts'
import { isHeld } from '../../guards/collect.ts'
import type { Item } from '../../ports.ts'
import { parseBlob } from '../../registry/blobs/items.ts'
import { readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { key } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAsFound, isAsSeen } from '../../store/checks.ts'
import { headOf } from '../look.ts'
import { sideBySide } from '../../limiter.ts'
import { numberIn } from '../../store/known.ts'
import { entriesOf, type Check, type CheckContext, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/**
 * A blob has its bytes in the bucket, and owns them; somebody holds it, or a task says that nobody does; a held one may be
 * condemned as a link may. A record is there
 * before its object and goes behind it, so what a record says that is there before and after a look holds for the look.
 */
export const checkBlobs: Check = async (context, entries) => {
  const { store } = context
  const blobs = entriesOf(entries, 'blob').map(({ item, of }) => ({
    ...{ item, digest: of.digest, blob: parseBlob(item) },
  }))
  const records = await readAll(
    store,
    blobs.map(({ blob }) => key.object(blob.oid)),
    'eventual',
  )
  const held = new Set(entriesOf(entries, 'link', 'lease', 'ref').map(({ of }) => of.digest))
  const found = await sideBySide(blobs, async (one): Promise<readonly Suspect[]> => {
    const head = await headOf(context, one.blob.oid)
    const isWhole = head?.sizeBytes === one.blob.sizeBytes && one.blob.isCorrupt !== true
    const isOwned = records.get(key.object(one.blob.oid))?.['state'] === 'OWN'
    const isOld = numberIn(one.item, 'createdAt') < context.before
    return [
      ...(isWhole ? [] : [withoutBytes(context, one)]),
      ...(isWhole && one.blob.missingAt !== undefined ? [bytesAreBack(context, one)] : []),
      ...(isOwned ? [] : [withoutObject(context, one)]),
      ...(held.has(one.digest) || !isOld ? [] : [unreviewed(context, one)]),
    ]
  })
  return found.flat()
}

type One = {
  readonly item: Item
  readonly digest: Parameters<typeof key.blob>[0]
  readonly blob: ReturnType<typeof parseBlob>
}

const repairOf = ({ blob, digest }: One) => {
  const { oid } = blob
  return {
    awaits: [],
    repair: [{ type: 'BLOB_REPAIR', digest, oid }],
  } as const
}

const withoutBytes = (context: CheckContext, one: One): Suspect => {
  const { blob, digest, item } = one
  return {
    ...repairOf(one),
    finding: { kind: 'blobWithoutBytes', blob: digest, oid: blob.oid },
    confirm: async () => {
      const again = await headOf(context, blob.oid)
      if (again?.sizeBytes === blob.sizeBytes && blob.isCorrupt !== true) return false
      return await isSo(context.store, [isAsSeen(item, 'oid', 'size')])
    },
  }
}

const bytesAreBack = ({ store }: CheckContext, one: One): Suspect => ({
  ...repairOf(one),
  finding: { kind: 'bytesAreBack', blob: one.digest, oid: one.blob.oid },
  confirm: async () => await isSo(store, [isAsSeen(one.item, 'oid', 'size', 'missingAt')]),
})

const withoutObject = ({ store }: CheckContext, one: One): Suspect => ({
  ...repairOf(one),
  finding: { kind: 'blobWithoutObject', blob: one.digest, oid: one.blob.oid },
  confirm: async () => {
    const at = key.object(one.blob.oid)
    const record = await getItem(store, at, 'strong')
    if (record?.['state'] === 'OWN') return false
    return await isSo(store, [isAsSeen(one.item, 'oid'), isAsFound(at, record, 'state')])
  },
})

const unreviewed = ({ store }: CheckContext, { digest, item }: One): Suspect => ({
  finding: { kind: 'blobUnreviewed', blob: digest },
  awaits: [token.blob(digest)],
  repair: [{ type: 'BLOB_REVIEW', digest }],
  confirm: async () =>
    !(await isHeld(store, holdersOfBlob(store, digest))) &&
    (await isSo(store, [isAsSeen(item, 'version')])),
})
