import { isHeld } from '../../guards/collect.ts'
import { parseManifestRecord } from '../../registry/manifests/items.ts'
import { readAll } from '../../store/batch.ts'
import { key, prefix } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAbsent, isAsSeen } from '../../store/checks.ts'
import { entriesOf, type Check, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** A manifest is held by a tag or an index, or lives with its subject, or waits for a review. */
export const checkUntagged: Check = async ({ before, projectOf, store }, entries) => {
  const held = new Set(entriesOf(entries, 'heldByTag', 'heldByIndex').map(({ item }) => item.pk))
  const loose = entriesOf(entries, 'manifest')
    .filter(({ item }) => !held.has(item.pk))
    .map(({ item, of }) => {
      const { digest, rid } = of
      const { pushedAt, subject } = parseManifestRecord(item)
      return {
        ...{ item, digest, rid, pushedAt, subject, parked: key.parkedReview(rid, digest) },
        subjects: subject === undefined ? [] : [key.manifest(rid, subject)],
      }
    })
    .filter(({ pushedAt }) => pushedAt < before)
  const keys = loose.flatMap(({ parked, subjects }) => [parked, ...subjects])
  const found = await readAll(store, keys, 'eventual')
  const odd = loose.filter(({ parked, subjects }) =>
    [parked, ...subjects].every((each) => found.get(each) === undefined),
  )
  const suspects = odd.map(async (one): Promise<readonly Suspect[]> => {
    const { digest, item, parked, rid, subject, subjects } = one
    const pid = await projectOf(rid)
    if (pid === undefined) return []
    const holders = { pk: item.pk, prefix: prefix.holders, holds: () => true }
    return [
      {
        finding: { kind: 'manifestUnreviewed', pid, rid, manifest: digest },
        awaits: [
          token.manifest(rid, digest),
          ...(subject === undefined ? [] : [token.manifest(rid, subject)]),
        ],
        repair: [{ type: 'MANIFEST_REVIEW', pid, rid, digest }],
        confirm: async () =>
          !(await isHeld(store, holders)) &&
          (await isSo(store, [isAsSeen(item, 'version'), ...[parked, ...subjects].map(isAbsent)])),
      },
    ]
  })
  return (await Promise.all(suspects)).flat()
}
