import { parseTagRecord } from '../../registry/manifests/items.ts'
import { readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { key } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAbsent, isAsFound, isAsSeen } from '../../store/checks.ts'
import { entriesOf, type Check, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** A tag leads to a manifest, and holds it. */
export const checkTags: Check = async ({ projectOf, store }, entries) => {
  const tags = entriesOf(entries, 'tag').map(({ item, of }) => {
    const { digest, inc } = parseTagRecord(item)
    return {
      ...{ item, ...of, digest, inc, guardKey: key.manifest(of.rid, digest) },
      heldKey: key.heldByTag(of.rid, digest, of.tag, inc),
    }
  })
  const found = await readAll(
    store,
    tags.flatMap(({ guardKey, heldKey }) => [guardKey, heldKey]),
    'eventual',
  )
  const suspects = tags.map(async (one): Promise<readonly Suspect[]> => {
    const { digest, guardKey, heldKey, inc, item, rid, tag } = one
    if (found.get(guardKey)?.['inc'] !== inc) {
      return [
        {
          finding: { kind: 'tagWithoutManifest', rid, manifest: digest, tag },
          awaits: [token.push(rid, digest, inc), token.repository(rid)],
          repair: [],
          confirm: async () => {
            const guard = await getItem(store, guardKey, 'strong')
            if (guard?.['inc'] === inc) return false
            return await isSo(store, [
              isAsSeen(item, 'digest', 'inc'),
              isAsFound(guardKey, guard, 'inc'),
            ])
          },
        },
      ]
    }
    if (found.get(heldKey) !== undefined) return []
    const pid = await projectOf(rid)
    if (pid === undefined) return []
    return [
      {
        finding: { kind: 'childNotHeld', pid, rid, manifest: digest, tag },
        awaits: [token.repair(rid, digest)],
        repair: [{ type: 'MANIFEST_REPAIR', pid, rid, digest }],
        confirm: async () =>
          await isSo(store, [isAsSeen(item, 'digest', 'inc'), isAbsent(heldKey)]),
      },
    ]
  })
  return (await Promise.all(suspects)).flat()
}
