import { mayInEveryProject, mayInProject, mayInSystem } from '../../../../shared/auth/access.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { listRobots, walkRobots } from '../../../../shared/robots/list.ts'
import type { Robot } from '../../../../shared/robots/robot.ts'
import type { ProjectId } from '../../../../shared/table.ts'
import { denied, principalOf } from '../../access.ts'
import type { ApiContext } from '../../factory.ts'
import type { ListRequest } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import { conditionOn, fieldKey, type Query } from '../../http/query.ts'
import { walkedPage } from '../../http/walked.ts'
import { ROBOT_FIELDS } from './robot-json.ts'

const LIST = 'robot:list'
const KNOWN = new Set(Object.keys(ROBOT_FIELDS).map(fieldKey))
const NUMBER = /^[0-9]{1,15}$/

/** The page that is asked for of the robots of a project, or of the system; sets the headers that go with it. */
export const robotPage = async (
  c: ApiContext,
  request: ListRequest,
  pid: ProjectId | undefined,
): Promise<readonly Robot[]> => {
  const { store } = c.get('deps')
  const { paging, query } = request
  const sort = request.sort.filter(({ key }) => KNOWN.has(key))
  if (sort.length > 0 || [...query.keys()].some((name) => KNOWN.has(name))) {
    return await walkedPage(c, walkRobots(store, { pid }), { ...request, sort }, ROBOT_FIELDS)
  }
  const { entries, total } = await listRobots(store, {
    ...{ pid, limit: paging.pageSize, skip: paging.offset },
  })
  setPageHeaders(c, paging, total)
  return entries
}

/**
 * Of which project the robots are that a `q` asks for; `undefined`: those of the system.
 * @throws DomainError BAD_REQUEST, FORBIDDEN for who may not list them, NOT_FOUND
 */
export const listedProject = async (
  c: ApiContext,
  query: Query,
): Promise<ProjectId | undefined> => {
  const principal = await principalOf(c)
  const level = conditionOn(query, 'Level')
  const mayListAll = mayInSystem(principal, LIST)
  if (level === undefined || isExactly(level, 'system')) {
    if (!mayListAll) throw denied(principal)
    return undefined
  }
  const project = conditionOn(query, 'ProjectID')
  if (!isExactly(level, 'project') || project?.kind !== 'exact' || !NUMBER.test(project.value)) {
    throw new DomainError(
      'BAD_REQUEST',
      'q is Level=system, or Level=project,ProjectID= with the id of a project',
    )
  }
  const found = await c.get('deps').resolveProject(principal, project.value, false)
  if (found === undefined) {
    if (!mayListAll && !mayInEveryProject(principal, LIST)) throw denied(principal)
    throw new DomainError('NOT_FOUND', 'the project does not exist')
  }
  if (!mayListAll && !mayInProject(principal, LIST, found.facts)) throw denied(principal)
  return found.facts.pid
}

const isExactly = (condition: ReturnType<typeof conditionOn>, value: string): boolean =>
  condition?.kind === 'exact' && condition.value === value
