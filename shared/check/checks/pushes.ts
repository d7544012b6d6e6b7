import { readAll } from '../../store/batch.ts'
import { key } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAsSeen, isThere } from '../../store/checks.ts'
import { numberIn } from '../../store/known.ts'
import { leftBehind, wasOver } from '../left-behind.ts'
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
export const checkParts: Check = async (context, entries) => {
  const { store } = context
  const parts = new Map(entriesOf(entries, 'part').map(({ item, of }) => [of.oid, item]))
  const records = await readAll(store, [...parts.keys()].map(key.object), 'eventual')
  return [...parts]
    .filter(([oid]) => wasOver(records.get(key.object(oid)), context))
    .map(([oid, item]) =>
      leftBehind(context, oid, async (over) => await isSo(store, [isThere(item), over])),
    )
}
