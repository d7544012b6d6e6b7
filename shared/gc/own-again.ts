import type { AttributeValue, Item, TransactOperation } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, type ObjectId } from '../table.ts'
import { DELETING } from '../registry/doom.ts'

/**
 * The write that makes an object somebody's own again, from what its record was seen to be: doomed, or not there at all.
 * Refused when somebody has begun to delete it since. `undefined`: somebody has, and there is no way back.
 */
export const ownAgain = (
  store: Store,
  oid: ObjectId,
  record: Item | undefined,
  whose: Readonly<Record<string, AttributeValue>>,
): TransactOperation | undefined => {
  const now = store.clock.now()
  const own = { state: 'OWN', version: store.ids.next(), updatedAt: now, ...whose }
  if (record === undefined) {
    const item = { ...key.object(oid), v: SCHEMA_VERSION, createdAt: now, ...own }
    return { op: 'put', item, conditions: [{ kind: 'absent' }] }
  }
  if (record[DELETING] === true) return undefined
  return {
    op: 'update',
    key: key.object(oid),
    set: own,
    remove: ['deleteAt'],
    conditions: [
      { kind: 'equals', name: 'version', value: String(record['version']) },
      { kind: 'equals', name: 'state', value: String(record['state']) },
      { kind: 'attributeAbsent', name: DELETING },
    ],
  }
}
