import { bucketKey, parseBucketKey } from '../../bucket.ts'
import { readAll } from '../../store/batch.ts'
import { retry } from '../../store/retry.ts'
import { key, type ObjectId } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAsFound } from '../../store/checks.ts'
import { leftBehind, wasOver } from '../left-behind.ts'
import { headOf } from '../look.ts'
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
      .filter((oid) => wasOver(records.get(key.object(oid)), context))
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

const tailWithoutUpload = (context: CheckContext, oid: ObjectId): Suspect =>
  leftBehind(context, oid, async (over) => {
    const { objects, store } = context
    if (!(await isSo(store, [over]))) return false
    const left = await retry(store, async () => await objects.list(bucketKey.tails(oid)))
    return left.keys.length > 0
  })
