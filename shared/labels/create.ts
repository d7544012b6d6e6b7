import { DomainError } from '../errors.ts'
import { readCounter, count, takeNumber } from '../store/numbers.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import {
  labelAttributes,
  listedKey,
  parseLabelText,
  type Label,
  type LabelHome,
  type LabelText,
} from './label.ts'

const absent = [{ kind: 'absent' }] as const

/**
 * Makes a label; its name is the only one in its scope.
 * @throws DomainError BAD_REQUEST, CONFLICT, NOT_FOUND when the project is gone
 */
export const createLabel = async (
  store: Store,
  home: LabelHome,
  given: LabelText,
): Promise<Label> => {
  const text = parseLabelText(given)
  return await contend(store, async () => {
    const counter = await readCounter(store, 'labels')
    const now = store.clock.now()
    const number = counter.last + 1
    const label: Label = {
      ...{ ...home, ...text, number },
      ...{ createdAt: now, updatedAt: now, version: 1 },
    }
    const item = { v: SCHEMA_VERSION, ...labelAttributes(label) }
    const outcome = await transactNamed(store, {
      label: { op: 'put', item: { ...key.label(number), ...item }, conditions: absent },
      name: {
        op: 'put',
        item: { ...listedKey(home.scope, text.name), ...item },
        conditions: absent,
      },
      number: takeNumber('labels', counter),
      count: count(`labels#${home.scope}`, 1),
      project:
        home.scope === 'system'
          ? undefined
          : { op: 'check', key: key.project(home.scope), conditions: [{ kind: 'exists' }] },
    })
    if (outcome.done) return label
    if (outcome.refused.has('project')) throw new DomainError('NOT_FOUND', 'no such project')
    if (outcome.refused.has('name')) throw nameTaken(text.name)
    return AGAIN
  })
}

export const nameTaken = (name: string): DomainError =>
  new DomainError('CONFLICT', `a label ${name} exists already`)
