import { DomainError } from '../errors.ts'
import { sweepLabels } from '../labels/sweep.ts'
import { endedLog } from '../audit/ended.ts'
import { removeQuota } from '../quota/remove.ts'
import { sweepRobots } from '../robots/sweep.ts'
import type { TransactOperation } from '../ports.ts'
import { writeAll } from '../store/batch.ts'
import { count } from '../store/numbers.ts'
import { pages } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, prefix, type ProjectId } from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import { readProject } from './find.ts'
import { parseMember } from './member.ts'
import type { Project } from './project.ts'

/**
 * Deletes a project that has no repository. Its name is free at once; its members and robots go behind it, and nobody
 * has a right by them in a project that gets the same name later.
 * @throws DomainError NOT_FOUND, PRECONDITION while it has repositories
 */
export const deleteProject = async (store: Store, pid: ProjectId): Promise<void> => {
  await contend(store, async () => {
    const project = await readProject(store, { pid })
    const outcome = await transactNamed(store, removedItems(store.ids, project, store.clock.now()))
    if (outcome.done) return 'done'
    if (outcome.refused.has('repositories')) {
      throw new DomainError('PRECONDITION', `the project ${project.name} has repositories`)
    }
    return AGAIN
  })
  await sweepProject(store, pid)
}

/** Removes what a deleted project left behind; safe to repeat, and complete once it resolves. */
export const sweepProject = async (store: Store, pid: ProjectId): Promise<void> => {
  await sweepMembers(store, pid)
  await sweepRobots(store, pid)
  await sweepLabels(store, pid)
  await writeAll(store, [
    { op: 'delete', key: key.counter(`members#${pid}`) },
    { op: 'delete', key: key.counter(`robots#${pid}`) },
    { op: 'delete', key: key.cveAllowlist(pid) },
  ])
  await removeQuota(store, pid)
}

const removedItems = (
  ids: Store['ids'],
  { pid, name, number, isPublic, version }: Project,
  now: number,
) =>
  ({
    name: {
      op: 'delete',
      key: key.projectName(name),
      conditions: [{ kind: 'equals', name: 'pid', value: pid }],
    },
    project: {
      op: 'delete',
      key: key.project(pid),
      conditions: [{ kind: 'equals', name: 'version', value: version }],
    },
    // Every new repository counts here in its own transaction, so none can slip in between.
    repositories: {
      op: 'delete',
      key: key.counter(`repositories#${pid}`),
      conditions: [{ kind: 'equals', name: 'total', value: 0 }],
    },
    number: { op: 'delete', key: key.projectNumber(number) },
    listed: { op: 'delete', key: key.projectListed(name) },
    listedAsPublic: isPublic ? { op: 'delete', key: key.publicProject(name) } : undefined,
    // Nobody can read it any more, but it is to be found when it has become old.
    auditLog: endedLog(pid, now),
    projects: count('projects', -1),
    rest: enqueue(ids, now, { type: 'PROJECT_DELETE', pid }),
    publicProjects: isPublic ? count('publicProjects', -1) : undefined,
  }) as const satisfies Readonly<Record<string, TransactOperation | undefined>>

const sweepMembers = async (store: Store, pid: ProjectId): Promise<void> => {
  const { pk } = key.project(pid)
  for await (const items of pages(store, { pk, sk: { prefix: prefix.members }, read: 'strong' })) {
    await writeAll(
      store,
      items.map(parseMember).flatMap(({ user, number }) => [
        { op: 'delete', key: key.member(pid, number) },
        { op: 'delete', key: key.membership(user, pid) },
      ]),
    )
  }
}
