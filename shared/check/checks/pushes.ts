import { readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { key } from '../../table.ts'
import { isAsFound, isAsSeen, isSo, isThere } from '../confirm.ts'
import { numberIn } from '../look.ts'
import { entriesOf, type Check, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** A push of a manifest that was begun long ago has a task that undoes it. */
export const checkPushes: Check = async ({ before, projectOf, store }, entries) => {
  const old = entriesOf(entries, 'intent').filter(
    ({ item }) => numberIn(item, 'createdAt') < before,
  )
  const suspects = old.map(async ({ item, of }): Promise<readonly Suspect[]> => {
    const { digest, inc, rid } = of.by
    const pid = await projectOf(rid)
    if (pid === undefined) return []
    return [
      {
        finding: { kind: 'pushUnreviewed', pid, rid, manifest: digest },
        awaits: [token.push(rid, digest, inc)],
        repair: [{ type: 'INTENT_REVIEW', pid, rid, digest, inc }],
        confirm: async () => await isSo(store, [isAsSeen(item, 'createdAt')]),
      },
    ]
  })
  return (await Promise.all(suspects)).flat()
}

/** Records of parts go when their upload is over. */
export const checkParts: Check = async ({ before, store }, entries) => {
  const parts = new Map(entriesOf(entries, 'part').map(({ item, of }) => [of.oid, item]))
  const records = await readAll(store, [...parts.keys()].map(key.object), 'eventual')
  return [...parts].flatMap(([oid, item]): readonly Suspect[] => {
    const seen = records.get(key.object(oid))
    const isOver = seen === undefined || seen['state'] === 'OWN'
    if (!isOver || (seen !== undefined && numberIn(seen, 'updatedAt') >= before)) return []
    return [
      {
        finding: { kind: 'tailWithoutUpload', oid },
        awaits: [token.object(oid)],
        repair: [{ type: 'UPLOAD_CLEANUP', oid }],
        confirm: async () => {
          const record = await getItem(store, key.object(oid), 'strong')
          if (record !== undefined && record['state'] !== 'OWN') return false
          const owner = isAsFound(key.object(oid), record, 'state')
          return await isSo(store, [isThere(item), owner])
        },
      },
    ]
  })
}
