/** What tests do by the management API before they push. */
import * as z from 'zod'
import type { Login } from '../support/credentials.ts'
import type { DeployedRegistry } from './registry.ts'

/** What is asked by the management API. */
type Managed = Pick<DeployedRegistry, 'ask'>

const robot = z.object({ name: z.string(), secret: z.string() })

export const makeProject = async (registry: Managed, name: string): Promise<void> => {
  const body = { project_name: name, metadata: { public: 'false' } }
  const { status } = await registry.ask('/projects', { method: 'POST', body })
  if (status !== 201) throw new Error(`a project could not be made: ${status}`)
}

/** A robot of the registry that may do this in all repositories of a project. */
export const makeRobot = async (
  registry: Managed,
  project: string,
  actions: readonly string[],
): Promise<Login> => {
  const access = actions.map((action) => ({ resource: 'repository', action }))
  const made = await registry.ask('/robots', {
    method: 'POST',
    body: {
      ...{ name: 'ci', level: 'system', duration: -1 },
      permissions: [{ kind: 'project', namespace: project, access }],
    },
  })
  if (made.status !== 201) throw new Error(`a robot could not be made: ${await made.text()}`)
  const { name, secret } = robot.parse(await made.json())
  return { name, password: secret }
}
