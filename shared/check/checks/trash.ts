import { readAll } from '../../store/batch.ts'
import { isAsSeen, isThere } from '../../store/checks.ts'
import { key, recordOfEntry } from '../../table.ts'
import { numberIn } from '../../store/known.ts'
import { isSo } from '../confirm.ts'
import { strayness } from '../strays.ts'
import { entriesOf, type Check, type CheckContext, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** What is in the trash has a task that ends it, and an object of a blob that is found there is in it. */
export const checkTrash: Check = async (context, entries) => {
  const { before, store } = context
  const kept = entriesOf(entries, 'trash', 'trashEntry', 'deletedRepository')
  const blobs = entriesOf(entries, 'trashedBlob')
  const records = await readAll(
    store,
    blobs.map(({ of }) => key.object(of.oid)),
    'eventual',
  )
  return [
    ...kept
      .filter(({ item }) => numberIn(item, 'until') < before)
      .map((entry) => unended(context, entry)),
    ...blobs
      .filter(({ of }) => records.get(key.object(of.oid))?.['state'] !== 'DOOM')
      .map((entry) => withoutObject(context, entry)),
  ]
}

type Found<Kind extends Parameters<typeof entriesOf>[1]> = ReturnType<
  typeof entriesOf<Kind>
>[number]

const unended = (
  { store }: CheckContext,
  { item, of }: Found<'trash' | 'trashEntry' | 'deletedRepository'>,
): Suspect => {
  const { pk, sk } = item
  const at = numberIn(item, 'at')
  const trashSk = of.kind === 'trashEntry' ? recordOfEntry(sk) : sk
  const entrySk =
    of.kind === 'deletedRepository' ? undefined : key.trashEntry({ pk, sk: trashSk }, at).sk
  return {
    finding: { kind: 'trashUnended', ...(of.kind !== 'deletedRepository' && { rid: of.rid }) },
    awaits: [token.item({ pk, sk })],
    repair: [{ type: 'TRASH_END', trashPk: pk, trashSk, at, entrySk }],
    confirm: async () => await isSo(store, [isAsSeen(item, 'at')]),
  }
}

const withoutObject = ({ store }: CheckContext, { item, of }: Found<'trashedBlob'>): Suspect => ({
  finding: { kind: 'trashWithoutObject', blob: of.digest, oid: of.oid },
  awaits: [token.item(item), token.object(of.oid)],
  repair: [{ type: 'HOLDER_REVIEW', holderPk: item.pk, holderSk: item.sk }],
  confirm: async () => {
    const checks = await strayness(store, item)
    return checks !== undefined && (await isSo(store, [isThere(item), ...checks]))
  },
})
