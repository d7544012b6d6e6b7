import type { Principal } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { parseProjectId } from '../projects/items.ts'
import { parseProjectName } from '../projects/name.ts'
import { readAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { ALL_PROJECTS, type RobotPermission, type SavedPermission } from './permissions.ts'

/**
 * Permissions with the projects that their namespaces name now.
 * @throws DomainError when there is no such project: NOT_FOUND for administrators, FORBIDDEN, as for a project that is
 *   not theirs, for everybody else
 */
export const resolvePermissions = async (
  store: Store,
  actor: Principal,
  given: readonly RobotPermission[],
): Promise<readonly SavedPermission[]> => {
  const keyOf = (namespace: string) => key.projectName(parseProjectName(namespace))
  const isNamed = ({ kind, namespace }: RobotPermission): boolean =>
    kind === 'project' && namespace !== ALL_PROJECTS
  const names = given.filter(isNamed).map(({ namespace }) => keyOf(namespace))
  const found = await readAll(store, names, 'strong')
  return given.map((one) => {
    const saved = { ...only(one), pid: undefined }
    if (!isNamed(one)) return saved
    const item = found.get(keyOf(one.namespace))
    if (item === undefined) throw unknown(actor, one.namespace)
    return { ...saved, pid: parseProjectId(item) }
  })
}

const unknown = (actor: Principal, namespace: string): DomainError =>
  actor.kind === 'user' && actor.isSysadmin
    ? new DomainError('NOT_FOUND', `no project ${namespace}`)
    : new DomainError('FORBIDDEN', `you may not give rights in ${namespace}`)

/** Without what a client may have sent besides. */
const only = ({ kind, namespace, repository, access }: RobotPermission): RobotPermission => ({
  kind,
  namespace,
  ...(repository === undefined ? {} : { repository }),
  access: access.map(({ resource, action }) => ({ resource, action, effect: 'allow' })),
})
