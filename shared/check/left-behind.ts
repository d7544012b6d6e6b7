import type { CheckItem, Item } from '../ports.ts'
import { isAsFound } from '../store/checks.ts'
import { getItem } from '../store/query.ts'
import { key, type ObjectId } from '../table.ts'
import { numberIn } from '../store/known.ts'
import type { CheckContext, Suspect } from './suspect.ts'
import { token } from './tokens.ts'

const isOver = (record: Item | undefined): boolean =>
  record === undefined || record['state'] === 'OWN'

/** Whether the record of an upload says that it was over before the audit looks, or is gone. */
export const wasOver = (record: Item | undefined, { before }: CheckContext): boolean =>
  isOver(record) && (record === undefined || numberIn(record, 'updatedAt') < before)

/** Something that an upload wrote for itself, and that is there although it is over: `isLeft`, while `over` holds. */
export const leftBehind = (
  { store }: CheckContext,
  oid: ObjectId,
  isLeft: (over: CheckItem) => Promise<boolean>,
): Suspect => ({
  finding: { kind: 'tailWithoutUpload', oid },
  awaits: [token.object(oid)],
  repair: [{ type: 'UPLOAD_CLEANUP', oid }],
  confirm: async () => {
    const record = await getItem(store, key.object(oid), 'strong')
    return isOver(record) && (await isLeft(isAsFound(key.object(oid), record, 'state')))
  },
})
