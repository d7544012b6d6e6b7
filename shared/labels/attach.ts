/** Labels on artifacts. */
import { DomainError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transact, transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type Incarnation, type RepositoryRef } from '../table.ts'
import { readLabel } from './find.ts'

export type Labelled = RepositoryRef & { readonly digest: Digest; readonly inc: Incarnation }

/**
 * Puts a label on an artifact: one of the registry, or one of the artifact's project.
 * @throws DomainError NOT_FOUND (the label, or the artifact), BAD_REQUEST for one of another project, CONFLICT when it
 * is on it already
 */
export const attachLabel = async (
  store: Store,
  { pid, rid, digest, inc }: Labelled,
  number: number,
): Promise<void> => {
  await contend(store, async () => {
    const label = await readLabel(store, number)
    if (label.scope !== 'system' && label.scope !== pid) {
      throw new DomainError('BAD_REQUEST', `label ${number} is one of another project`)
    }
    const item = { v: SCHEMA_VERSION, inc }
    const own = key.labelOfArtifact(rid, digest, number)
    const before = await store.kv.get(own, 'strong')
    if (before?.['inc'] === inc) throw hasIt(number)
    const outcome = await transactNamed(store, {
      artifact: {
        op: 'check',
        key: key.manifest(rid, digest),
        conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'inc', value: inc }],
      },
      label: { op: 'check', key: key.label(number), conditions: [{ kind: 'exists' }] },
      own: {
        op: 'put',
        item: { ...own, ...item },
        conditions:
          before === undefined
            ? [{ kind: 'absent' }]
            : [{ kind: 'equals', name: 'inc', value: String(before['inc']) }],
      },
      listed: { op: 'put', item: { ...key.labelled(rid, number, digest), ...item } },
    })
    if (outcome.done) return 'done'
    if (outcome.refused.has('artifact')) throw new DomainError('NOT_FOUND', 'artifact not found')
    return AGAIN
  })
}

/**
 * Takes a label off an artifact.
 * @throws DomainError NOT_FOUND when it is not on it
 */
export const detachLabel = async (
  store: Store,
  { rid, digest, inc }: Labelled,
  number: number,
): Promise<void> => {
  const outcome = await transact(store, [
    {
      op: 'delete',
      key: key.labelOfArtifact(rid, digest, number),
      conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'inc', value: inc }],
    },
    { op: 'delete', key: key.labelled(rid, number, digest) },
  ])
  if (!outcome.done) throw new DomainError('NOT_FOUND', `label ${number} is not on the artifact`)
}

const hasIt = (number: number): DomainError =>
  new DomainError('CONFLICT', `label ${number} is on the artifact already`)
