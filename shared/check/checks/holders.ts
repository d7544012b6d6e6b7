import { parseListedAs, parseTagRecord } from '../../registry/manifests/items.ts'
import { readAll } from '../../store/batch.ts'
import { key } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isThere } from '../../store/checks.ts'
import { HOLDER_KINDS, pushOf, strayness } from '../strays.ts'
import { entriesOf, type Check } from '../suspect.ts'
import { token } from '../tokens.ts'

/** What a manifest holds by, or is listed by, goes with it; and what a tag holds by with the tag. */
export const checkHolders: Check = async ({ projectOf, store }, entries) => {
  const holders = entriesOf(entries, ...HOLDER_KINDS).map(({ item, of }) => ({
    ...{ item, of, by: pushOf(item, of) },
    tag: of.kind === 'heldByTag' ? key.tag(of.rid, of.tag) : undefined,
  }))
  const found = await readAll(
    store,
    holders.flatMap(({ by, tag }) => [
      key.manifest(by.rid, by.digest),
      ...(tag === undefined ? [] : [tag]),
    ]),
    'eventual',
  )
  const odd = holders.filter(({ by, of, tag }) => {
    const guard = found.get(key.manifest(by.rid, by.digest))
    if (guard?.['inc'] !== by.inc) return true
    if (of.kind === 'listed') return parseListedAs(guard) !== of.as
    if (tag === undefined) return false
    const item = found.get(tag)
    const leads = item && parseTagRecord(item)
    return leads?.digest !== by.digest || leads.inc !== by.inc
  })
  return await Promise.all(
    odd.map(async ({ by, item, of }) => {
      const { pk, sk } = item
      const pid = of.kind === 'ref' ? of.pid : await projectOf(by.rid)
      return {
        finding: {
          kind: 'holderWithoutManifest' as const,
          ...{ pid, rid: by.rid, manifest: by.digest },
          ...(of.kind === 'ref' && { blob: of.digest }),
          ...(of.kind === 'heldByTag' && { tag: of.tag }),
        },
        awaits: [token.push(by.rid, by.digest, by.inc), token.repository(by.rid), token.item(item)],
        repair: [{ type: 'HOLDER_REVIEW' as const, holderPk: pk, holderSk: sk, pid }],
        confirm: async () => {
          const checks = await strayness(store, item)
          return checks !== undefined && (await isSo(store, [isThere(item), ...checks]))
        },
      }
    }),
  )
}
