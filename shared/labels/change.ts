import { count } from '../store/numbers.ts'
import type { TransactOperation } from '../ports.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { nameTaken } from './create.ts'
import { readLabel } from './find.ts'
import { labelAttributes, listedKey, parseLabelText, type Label, type LabelText } from './label.ts'

/**
 * Calls a label otherwise; its scope stays. What is not said stays, too.
 * @throws DomainError BAD_REQUEST, NOT_FOUND, CONFLICT
 */
export const changeLabel = async (
  store: Store,
  number: number,
  change: Partial<LabelText>,
): Promise<void> => {
  await contend(store, async () => {
    const before = await readLabel(store, number)
    const text = parseLabelText({
      name: change.name ?? before.name,
      description: change.description ?? before.description,
      color: change.color ?? before.color,
    })
    const label = { ...before, ...text, updatedAt: store.clock.now(), version: before.version + 1 }
    const item = { v: SCHEMA_VERSION, ...labelAttributes(label) }
    const isRenamed = label.name !== before.name
    const outcome = await transactNamed(store, {
      label: { op: 'put', item: { ...key.label(number), ...item }, conditions: unchanged(before) },
      name: {
        op: 'put',
        item: { ...listedKey(label.scope, label.name), ...item },
        conditions: isRenamed ? [{ kind: 'absent' }] : [{ kind: 'exists' }],
      },
      oldName: isRenamed ? { op: 'delete', key: listedKey(before.scope, before.name) } : undefined,
    })
    if (outcome.done) return 'done'
    if (outcome.refused.has('label')) return AGAIN
    throw nameTaken(label.name)
  })
}

/**
 * Deletes a label. Artifacts that have it have it no more: what they name is not found.
 * @throws DomainError NOT_FOUND
 */
export const deleteLabel = async (store: Store, number: number): Promise<void> => {
  await contend(store, async () => {
    const label = await readLabel(store, number)
    const outcome = await transactNamed(store, {
      label: { op: 'delete', key: key.label(number), conditions: unchanged(label) },
      name: { op: 'delete', key: listedKey(label.scope, label.name) },
      count: count(`labels#${label.scope}`, -1),
    })
    return outcome.done ? 'done' : AGAIN
  })
}

const unchanged = ({ version }: Label): NonNullable<TransactOperation['conditions']> => [
  { kind: 'exists' },
  { kind: 'equals', name: 'version', value: version },
]
