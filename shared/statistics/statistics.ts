import type { Principal } from '../auth/principal.ts'
import { readRepositoryCounts } from '../projects/find.ts'
import { walkEveryProject } from '../projects/list.ts'
import { walkQuotas } from '../projects/quotas.ts'
import { viewOf } from '../projects/view.ts'
import { readCounter } from '../store/numbers.ts'
import { together } from '../store/page.ts'
import { perStore } from '../store/per-store.ts'
import { remembering } from '../store/remembering.ts'
import type { Store } from '../store/store.ts'

export type Sums = { readonly projects: number; readonly repositories: number }

export type Statistics = {
  readonly open: Sums
  /** Of who does not see everything: those that they are members of. */
  readonly closed: Sums
  /** For who sees everything. */
  readonly all: (Sums & { readonly storedBytes: number }) | undefined
}

/** Sums over projects are made of a counter of each, so they are made once in a minute. */
const REMEMBER_MS = 60_000

const remembered = perStore(({ clock }) => remembering<number>(clock, REMEMBER_MS))

/**
 * How much there is, as far as somebody may know. The bytes are those that projects store: what is in two of them counts
 * in both.
 */
export const readStatistics = async (store: Store, principal: Principal): Promise<Statistics> => {
  const [{ seesAll, own }, openProjects, openRepositories] = await Promise.all([
    viewOf(store, principal),
    readCounter(store, 'publicProjects'),
    remembered(store)('public repositories', async () => await sumOfPublicRepositories(store)),
  ])
  const open = { projects: openProjects.total, repositories: openRepositories }
  if (seesAll) return await readAllOf(store, open)
  const pids = own.flatMap(({ project }) => (project.isPublic ? [] : [project.pid]))
  const counts = await readRepositoryCounts(store, pids)
  const closed = { projects: pids.length, repositories: sum(counts.values()) }
  return { open, closed, all: undefined }
}

const readAllOf = async (store: Store, open: Sums): Promise<Statistics> => {
  const [projects, repositories, storedBytes] = await Promise.all([
    readCounter(store, 'projects'),
    readCounter(store, 'repositories'),
    remembered(store)('stored bytes', async () => await sumOfStoredBytes(store)),
  ])
  const closed = {
    projects: projects.total - open.projects,
    // The sum may be older than the counter.
    repositories: Math.max(0, repositories.total - open.repositories),
  }
  const all = { projects: projects.total, repositories: repositories.total, storedBytes }
  return { open, closed, all }
}

const sumOfPublicRepositories = async (store: Store): Promise<number> => {
  let total = 0
  for await (const projects of together(walkEveryProject(store, { isPublic: true }))) {
    const counts = await readRepositoryCounts(
      store,
      projects.map(({ pid }) => pid),
    )
    total += sum(counts.values())
  }
  return total
}

const sumOfStoredBytes = async (store: Store): Promise<number> => {
  let total = 0
  for await (const { quota } of walkQuotas(store)) total += quota.usedBytes
  return total
}

const sum = (numbers: Iterable<number>): number => {
  let total = 0
  for (const number of numbers) total += number
  return total
}
