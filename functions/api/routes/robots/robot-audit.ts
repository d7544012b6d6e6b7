import type { AuditEvent } from '../../../../shared/audit/entry.ts'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { robotName, type NewRobot } from '../../../../shared/robots/create.ts'
import { readRobot } from '../../../../shared/robots/list.ts'
import { readSettings } from '../../../../shared/settings/read.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { auditedStore } from '../../audit.ts'
import type { ProvidedDeps } from '../../deps.ts'
import type { ApiContext } from '../../factory.ts'

/** The store for a change to a robot, which the log of its project tells of, or that of the registry. */
export const storeForRobot = async (
  c: ApiContext,
  operation: 'update' | 'delete',
  number: number,
  description?: string,
): Promise<Store> => {
  const { name, pid } = await readRobot(c.get('deps').store, number)
  return await auditedStore(c, {
    ...{ operation, resourceType: 'robot', resource: name, pid, description },
  })
}

/** As above, for a robot that is to be. */
export const storeForNewRobot = async (
  c: ApiContext,
  principal: Principal,
  robot: Pick<NewRobot, 'level' | 'name' | 'permissions'>,
): Promise<Store> => await auditedStore(c, await making(c.get('deps'), principal, robot))

const making = async (
  { resolveProject, store }: ProvidedDeps,
  principal: Principal,
  { level, name, permissions: [first] }: Pick<NewRobot, 'level' | 'name' | 'permissions'>,
): Promise<AuditEvent> => {
  const { robotPrefix: prefix } = await readSettings(store)
  const project = level === 'project' ? first?.namespace : undefined
  const found = project === undefined ? undefined : await resolveProject(principal, project, true)
  return {
    ...{ operation: 'create', resourceType: 'robot' },
    resource: robotName({ prefix, project, name }),
    pid: found?.facts.pid,
  }
}
