import { bucketKey, parseBucketKey } from '../../bucket.ts'
import { readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import { retry } from '../../store/retry.ts'
import { key, type ObjectId } from '../../table.ts'
import { isAsFound, isSo } from '../confirm.ts'
import { headOf, numberIn } from '../look.ts'
import type { CheckContext, Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/**
 * Everything in the bucket has a record in the table, and tails an upload that goes on. A record is there before its object
 * and goes behind it: an object that is there after a look at its absent record belongs to nothing.
 */
export const checkBucket = async (
  context: CheckContext,
  names: readonly string[],
): Promise<readonly Suspect[]> => {
  const known = names.map(parseBucketKey).filter((one) => one !== undefined)
  const tails = new Set(known.filter(({ kind }) => kind === 'tail').map(({ oid }) => oid))
  const objects = known.filter(({ kind }) => kind === 'object').map(({ oid }) => oid)
  const records = await readAll(context.store, [...objects, ...tails].map(key.object), 'eventual')
  return [
    ...objects
      .filter((oid) => records.get(key.object(oid)) === undefined)
      .map((oid) => objectWithoutRecord(context, oid)),
    ...[...tails]
      .filter((oid) => {
        const record = records.get(key.object(oid))
        const isOld = record === undefined || numberIn(record, 'updatedAt') < context.before
        return isOld && (record === undefined || record['state'] === 'OWN')
      })
      .map((oid) => tailWithoutUpload(context, oid)),
  ]
}

const objectWithoutRecord = (context: CheckContext, oid: ObjectId): Suspect => {
  const { store } = context
  return {
    finding: { kind: 'objectWithoutRecord', oid },
    awaits: [token.object(oid)],
    repair: [{ type: 'STRAY_REVIEW', oid }],
    confirm: async () => {
      if (!(await isSo(store, [isAsFound(key.object(oid), undefined)]))) return false
      return (await headOf(context, oid)) !== undefined
    },
  }
}

const tailWithoutUpload = ({ objects, store }: CheckContext, oid: ObjectId): Suspect => ({
  finding: { kind: 'tailWithoutUpload', oid },
  awaits: [token.object(oid)],
  repair: [{ type: 'UPLOAD_CLEANUP', oid }],
  confirm: async () => {
    const record = await getItem(store, key.object(oid), 'strong')
    if (record !== undefined && record['state'] !== 'OWN') return false
    if (!(await isSo(store, [isAsFound(key.object(oid), record, 'state')]))) return false
    const left = await retry(store, async () => await objects.list(bucketKey.tails(oid)))
    return left.keys.length > 0
  },
})
