/** What tests do by the management API before they push, and how they push what is large. */
import * as z from 'zod'
import { runCli } from '../support/cli.ts'
import type { Login } from '../support/credentials.ts'
import type { DeployedRegistry } from './registry.ts'

/** What is asked by the management API. */
type Managed = Pick<DeployedRegistry, 'ask'>

const robot = z.object({ name: z.string(), secret: z.string() })

export const makeProject = async (registry: Managed, name: string): Promise<void> => {
  const body = { project_name: name, metadata: { public: 'false' } }
  const made = await registry.ask('/projects', { method: 'POST', body })
  if (made.status !== 201) {
    throw new Error(`a project could not be made: ${made.status} ${await made.text()}`)
  }
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

/** Pushes an image by `roadstead push`; answers the most memory that it had. */
export const pushDirectly = async (
  { url, host }: Pick<DeployedRegistry, 'host' | 'url'>,
  { as, dockerHost, home, name, source, way }: DirectPush,
): Promise<{ readonly peakBytes: number }> => {
  const env = {
    ...{ XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home },
    ...{ ROADSTEAD_URL: url, ROADSTEAD_USER: as.name, ROADSTEAD_PASSWORD: as.password },
    ...(dockerHost !== undefined && { DOCKER_HOST: dockerHost }),
  }
  const args = ['push', '--way', way, source, `${host}/${name}`]
  const { code, err, peakBytes } = await runCli(args, env)
  if (code !== 0) throw new Error(`a push failed: ${err}`)
  return { peakBytes }
}

type DirectPush = {
  readonly as: Login
  /** As `roadstead push` takes it: a directory, say. */
  readonly source: string
  /** Of the daemon, where it is pushed from one. */
  readonly dockerHost?: string
  /** Where the program may keep what it knows. */
  readonly home: string
  readonly name: string
  readonly way: 'single' | 'parts'
}
