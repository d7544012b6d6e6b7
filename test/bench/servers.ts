import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { BenchError } from './options.ts'
import { findTool } from './tools.ts'

export const NAMES = ['roadstead', 'distribution 3', 'distribution 2.8'] as const
export type Name = (typeof NAMES)[number]

/** A registry that serves, with an access log that goes to a file, as in production. */
export type Server = {
  readonly name: Name
  readonly host: string
  readonly url: string
  readonly pid: number
  /** From the start of the process to the first answer. */
  readonly startMs: number
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '..', '..')
const START_TIMEOUT_MS = 20_000
const POLL_MS = 2

/**
 * Starts a registry on a free port, with its data below `directory`; resolves when it answers. `password`: of our
 * administrator; without one everybody may do everything, as everywhere else.
 */
export const startServer = async (
  name: Name,
  directory: string,
  password?: string,
  options: readonly string[] = [],
): Promise<Server> => {
  const home = join(directory, name.replaceAll(' ', '-'))
  await mkdir(home, { recursive: true })
  const host = `127.0.0.1:${await freePort()}`
  const { args, command } = await commandOf(name, home, host, password)
  const log = await open(join(home, 'access.log'), 'a')
  const began = performance.now()
  const child = spawn(command, [...args, ...options], {
    cwd: ROOT,
    env: { ...environment(), ...(password && { ROADSTEAD_ADMIN_PASSWORD: password }) },
    stdio: ['ignore', log.fd, log.fd],
  })
  try {
    await firstAnswer(child, name, `http://${host}`)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    await log.close()
  }
  return {
    name,
    host,
    url: `http://${host}`,
    pid: child.pid ?? 0,
    startMs: performance.now() - began,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

/** Starts registries, runs `use` with all of them and stops them in any case. */
export const withServers = async <T>(
  directory: string,
  names: readonly Name[],
  use: (servers: readonly Server[]) => Promise<T>,
): Promise<T> => {
  const servers: Server[] = []
  try {
    for (const name of names) servers.push(await startServer(name, directory))
    return await use(servers)
  } finally {
    await Promise.all(
      servers.map(async (server) => {
        await server.stop()
      }),
    )
  }
}

/** Every registry in turn, each round beginning with another one, so that none always comes first. */
export const turns = <T>(round: number, list: readonly T[]): readonly T[] =>
  list.map((_, index) => list[(index + round) % list.length]).filter((one) => one !== undefined)

const commandOf = async (name: Name, home: string, host: string, password?: string) => {
  if (name === 'roadstead') {
    // With what `npm start` gives to Node.
    const words = manifest.scripts.start.split(' ')
    const args = words.slice(words.indexOf('node') + 1)
    const access = password === undefined ? ['--access', 'open', '--create-projects-on-push'] : []
    return {
      command: process.execPath,
      args: [...args, '--listen', host, '--data', join(home, 'data'), ...access],
    }
  }
  const config = join(home, 'config.yml')
  await writeFile(config, distributionConfig(join(home, 'data'), host))
  const command = await findTool(name === 'distribution 3' ? 'registry' : 'docker-registry')
  return { command, args: ['serve', config] }
}

/** As its documentation has it: files, a cache in memory, the access log on as by default. */
const distributionConfig = (data: string, host: string): string => `version: 0.1
storage:
  filesystem:
    rootdirectory: ${data}
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
http:
  addr: ${host}
  secret: benchmark
`

/** Without traces, and without a variable that ends programs with an old SDK of AWS at once. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'AWS_CA_BUNDLE')),
  OTEL_TRACES_EXPORTER: 'none',
  // As `npm start` has it; of no meaning to the others.
  NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compiled'),
})

const firstAnswer = async (child: ChildProcess, name: Name, url: string): Promise<void> => {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new BenchError(`${name} ended before it served`)
    const isUp = await fetch(`${url}/v2/`).then(
      // 401: it is there, and wants a login.
      ({ ok, status }) => ok || status === 401,
      () => false,
    )
    if (isUp) return
    await sleep(POLL_MS)
  }
  throw new BenchError(`${name} did not answer within ${START_TIMEOUT_MS / 1000} s`)
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new BenchError('no free port')
  return address.port
}
