import type { RegistryContext } from '../registry/context.ts'
import { trashRepository } from '../registry/trash.ts'
import { fullName } from '../oci/name.ts'
import { count } from '../store/numbers.ts'
import { transact } from '../store/transact.ts'
import { key } from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import { timesOf } from '../store/store.ts'
import { noRepository } from './find.ts'
import type { ListedRepository } from './items.ts'

/**
 * Deletes a repository: its name is free at once, and what gets that name later begins empty. What was in it can be
 * reached by nobody any more and goes behind it, by two tasks: the second one catches pushes that were under way. For as
 * long as it is in the trash its images can be brought back under the name.
 * @throws DomainError NOT_FOUND when it is gone or another one has its name
 */
export const deleteRepository = async (
  { store, repositories, audit }: RegistryContext,
  { pid, rid, name }: ListedRepository,
): Promise<void> => {
  const now = store.clock.now()
  const task = { type: 'REPOSITORY_DELETE', pid, rid } as const
  const isThisOne = [{ kind: 'exists' }, { kind: 'equals', name: 'rid', value: rid }] as const
  const resource = fullName(name)
  const outcome = await transact(store, [
    { op: 'delete', key: key.repositoryName(name.project, name.path), conditions: isThisOne },
    { op: 'delete', key: key.repositoryOfProject(pid, name.path) },
    { op: 'delete', key: key.catalogEntry(name.project, name.path) },
    count('repositories', -1),
    count(`repositories#${pid}`, -1),
    enqueue(store.ids, now, task),
    enqueue(store.ids, now + timesOf(store).inFlight, task),
    ...trashRepository(store, { pid, rid }, name),
    ...(audit?.({ operation: 'delete', resourceType: 'repository', resource, pid }) ?? []),
  ])
  // Looks it up strongly, so that this process, too, forgets it.
  await repositories.existing(name)
  if (!outcome.done) throw noRepository(name)
}
