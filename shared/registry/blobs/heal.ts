import { guardOfBlob, reviewAfterRescue } from '../../guards/guarded.ts'
import type { Digest } from '../../oci/digest.ts'
import type { TransactOperation } from '../../ports.ts'
import { getItem } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import { doomObject } from '../doom.ts'
import { parseBlob } from './items.ts'

/**
 * Gives a blob whose bytes are lost the object of an upload, together with the upload's own writes; what is left of the
 * lost one is doomed. Answers false when the blob is whole, or gone, or somebody else was faster.
 */
export const healBlob = async (
  store: Store,
  digest: Digest,
  { oid, sizeBytes }: Pick<ReturnType<typeof parseBlob>, 'oid' | 'sizeBytes'>,
  own: readonly TransactOperation[],
): Promise<boolean> => {
  const item = await getItem(store, key.blob(digest), 'strong')
  if (item === undefined) return false
  const lost = parseBlob(item)
  if (lost.missingAt === undefined) return false
  const record = await getItem(store, key.object(lost.oid), 'strong')
  const outcome = await transact(store, [
    {
      op: 'update',
      key: key.blob(digest),
      set: { oid, size: sizeBytes, state: 'LIVE', version: store.ids.next() },
      remove: ['missingAt', 'isCorrupt'],
      conditions: [
        { kind: 'equals', name: 'version', value: String(item['version']) },
        { kind: 'equals', name: 'missingAt', value: lost.missingAt },
      ],
    },
    // It may have been condemned, and whoever was about to look again finds it alive.
    reviewAfterRescue(store, guardOfBlob(digest)),
    ...own,
    ...(record?.['state'] === 'OWN'
      ? doomObject(store, lost.oid, {
          conditions: [{ kind: 'equals', name: 'state', value: 'OWN' }],
          ...{ dueAt: store.clock.now(), digest, size: lost.sizeBytes },
        })
      : []),
  ])
  return outcome.done
}
