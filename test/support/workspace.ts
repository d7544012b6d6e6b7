import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { authFile, type Login } from './credentials.ts'
import type { Registry } from './registry.ts'
import { run } from './run.ts'
import { temporaryDirectory } from './temporary.ts'

export type Workspace = {
  readonly path: string
  /** The path of a fresh directory in the workspace. */
  readonly directory: (name: string) => Promise<string>
  /** Runs a client in the workspace that finds its home, its settings and its caches here, all empty at first. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<string>
  /** Logs the clients in to one more registry. */
  readonly logIn: (host: string, login: Login) => Promise<void>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A directory of its own for every test of a file, gone after the test; clients are logged in to the registry given. */
export const provideWorkspace = (
  registry?: () => Pick<Registry, 'host' | 'login'>,
): (() => Workspace) => {
  let current: Workspace | undefined
  let remove: (() => Promise<void>) | undefined
  beforeEach(async () => {
    const directory = await temporaryDirectory('client')
    remove = directory.remove
    const logins = registry === undefined ? {} : { [registry().host]: registry().login }
    current = await openWorkspace(directory.path, logins)
  })
  afterEach(async () => {
    await remove?.()
  })
  return () => {
    if (current === undefined) throw new Error('the workspace exists only while a test runs')
    return current
  }
}

/** A workspace in a directory that somebody else removes, with clients logged in to some hosts. */
export const openWorkspace = async (
  path: string,
  logins: Readonly<Record<string, Login>>,
): Promise<Workspace> => {
  const home = join(path, 'home')
  await mkdir(join(home, 'docker'), { recursive: true })
  const authentication = join(home, 'docker', 'config.json')
  // podman and buildah insist on the file once the variable is set.
  await writeFile(authentication, authFile(logins))
  const env = {
    ...process.env,
    // Go programs with an old AWS SDK panic over a bundle that they cannot read.
    AWS_CA_BUNDLE: undefined,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_RUNTIME_DIR: home,
    DOCKER_CONFIG: join(home, 'docker'),
    REGISTRY_AUTH_FILE: authentication,
    HELM_REGISTRY_CONFIG: authentication,
    REGCTL_CONFIG: join(home, 'regctl.json'),
  }
  return {
    path,
    env,
    directory: async (name) => {
      const directory = join(path, name)
      await mkdir(directory)
      return directory
    },
    logIn: async (host, login) => {
      await writeFile(authentication, authFile({ ...logins, [host]: login }))
    },
    run: async (program, ...args) => await run(program, args, env, path),
  }
}
