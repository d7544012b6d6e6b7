import { parseProject } from '../projects/project.ts'
import { getItem } from '../store/query.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import type { Policy } from './gc.ts'
import type { GcParameters } from './parameters.ts'

const HOUR_MS = 60 * 60_000

/** What becomes of untagged manifests: what a project says goes before what the run says. For the life of one run. */
export const createPolicies = (
  store: Store,
  { deleteUntagged, untaggedHours }: GcParameters,
): ((project: ProjectId) => Promise<Policy>) => {
  const known = new Map<ProjectId, Promise<Policy>>()
  const untaggedGrace =
    untaggedHours === undefined ? timesOf(store).untagged : untaggedHours * HOUR_MS
  const read = async (pid: ProjectId): Promise<Policy> => {
    const item = await getItem(store, key.project(pid), 'strong')
    const says = item === undefined ? undefined : parseProject(item).metadata.delete_untagged
    return { deleteUntagged: says === undefined ? deleteUntagged : says === 'true', untaggedGrace }
  }
  return async (pid) => {
    const policy = known.get(pid) ?? read(pid)
    known.set(pid, policy)
    try {
      return await policy
    } catch (error) {
      known.delete(pid)
      throw error
    }
  }
}
