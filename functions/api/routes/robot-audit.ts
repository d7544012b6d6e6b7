import type { AuditEvent, Operation } from '../../../shared/audit/entry.ts'
import type { Along } from '../../../shared/robots/create.ts'
import { readRobot } from '../../../shared/robots/list.ts'
import type { Robot } from '../../../shared/robots/robot.ts'
import type { Store } from '../../../shared/store/store.ts'
import { auditedStore, auditWrites } from '../audit.ts'
import type { ApiContext } from '../factory.ts'

/**
 * The store for a change to a robot.
 * @throws DomainError NOT_FOUND
 */
export const storeOfRobot = async (
  c: ApiContext,
  operation: Operation,
  number: number,
  description?: string,
): Promise<Store> => {
  const robot = await readRobot(c.get('deps').store, number)
  return await auditedStore(c, { ...doneTo(operation, robot), description })
}

/** The entry of a robot that is made. */
export const withNewRobot = async (c: ApiContext): Promise<Along> => {
  const writes = await auditWrites(c)
  return (robot) => writes(doneTo('create', robot))
}

const doneTo = (operation: Operation, { name, pid }: Pick<Robot, 'name' | 'pid'>): AuditEvent => ({
  ...{ operation, resourceType: 'robot', resource: name, pid },
})
