import { DomainError } from '../errors.ts'
import type { Quota } from '../quota/items.ts'
import { readQuota, readQuotas } from '../quota/read.ts'
import { readCounter } from '../store/numbers.ts'
import { takePage, together, type Listing, type Paging } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { findProject } from './find.ts'
import { walkEveryProject } from './list.ts'
import type { Project } from './project.ts'

export type ProjectQuota = { readonly project: Project; readonly quota: Quota }

/** One page of the quotas of all projects, in the order of their names: two round trips. */
export const listQuotas = async (store: Store, paging: Paging): Promise<Listing<ProjectQuota>> => {
  const [{ total }, page] = await Promise.all([
    readCounter(store, 'projects'),
    takePage(walkEveryProject(store, paging), paging),
  ])
  return { ...page, entries: await withQuotas(store, page.entries), total }
}

/** The quota of a project by its number; `undefined`: no such project. */
export const findProjectQuota = async (
  store: Store,
  number: number,
): Promise<ProjectQuota | undefined> => {
  const project = await findProject(store, { number })
  const quota = project === undefined ? undefined : await readQuota(store, project.pid)
  return project === undefined || quota === undefined ? undefined : { project, quota }
}

/**
 * The quota of a project by its number.
 * @throws DomainError NOT_FOUND
 */
export const readProjectQuota = async (store: Store, number: number): Promise<ProjectQuota> => {
  const found = await findProjectQuota(store, number)
  if (found === undefined) throw new DomainError('NOT_FOUND', `no quota ${number}`)
  return found
}

/** The quotas of all projects, in the order of their names. */
export const walkQuotas = async function* (store: Store): AsyncGenerator<ProjectQuota> {
  for await (const projects of together(walkEveryProject(store))) {
    yield* await withQuotas(store, projects)
  }
}

/** A project that was deleted in between has none. */
const withQuotas = async (
  store: Store,
  projects: readonly Project[],
): Promise<readonly ProjectQuota[]> => {
  const quotas = await readQuotas(
    store,
    projects.map(({ pid }) => pid),
  )
  return projects.flatMap((project) => {
    const quota = quotas.get(project.pid)
    return quota === undefined ? [] : [{ project, quota }]
  })
}
