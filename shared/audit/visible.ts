import type { ProjectPermission } from '../auth/permissions.ts'
import { mayInProject, mayInSystem } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import { viewOf } from '../projects/view.ts'
import type { Store } from '../store/store.ts'
import type { AuditScope } from '../table.ts'

const READ_LOG: ProjectPermission = 'log:list'

/** The logs that somebody may read: that of the registry, or those of some projects. */
export const visibleLogs = async (
  store: Store,
  principal: Principal,
): Promise<readonly AuditScope[]> => {
  if (mayInSystem(principal, 'audit-log:list')) return ['system']
  const { own } = await viewOf(store, principal)
  return own.flatMap(({ project: { isPublic, pid }, role }) =>
    mayInProject(principal, READ_LOG, { pid, isPublic, role }) ? [pid] : [],
  )
}
