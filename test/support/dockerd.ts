import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../tools/locate.ts'
import { eventually } from './eventually.ts'
import { run } from './run.ts'
import type { Workspace } from './workspace.ts'

export type Docker = {
  /** As `DOCKER_HOST` has it. */
  readonly socket: string
  /** Runs the client against this daemon. */
  readonly docker: (...args: readonly string[]) => Promise<string>
  readonly stop: () => Promise<void>
}

/** Builds an image of two small layers of random bytes; answers its id. */
export const buildImage = async (
  workspace: Workspace,
  { docker }: Pick<Docker, 'docker'>,
  reference: string,
): Promise<string> => {
  const context = await workspace.directory('context')
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY one /one\nCOPY two /two\n')
  for (const name of ['one', 'two']) await writeFile(join(context, name), randomBytes(50_000))
  return (await docker('build', '--quiet', '--tag', reference, context)).trim()
}

/** Starts a daemon of its own with an empty store in the workspace; answers when it answers. */
export const startDockerd = async (workspace: Workspace, name: string): Promise<Docker> => {
  const directory = await workspace.directory(name)
  const socket = `unix://${join(directory, 'socket')}`
  const child = spawn(
    programPath('dockerd'),
    [
      // Neither networks nor packet filters: images are only pushed and pulled.
      ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--host', socket],
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'pid')],
    ],
    { env: { ...workspace.env }, stdio: 'ignore' },
  )
  const closed = once(child, 'close')
  const docker = async (...args: readonly string[]): Promise<string> =>
    await run('docker', args, { ...workspace.env, DOCKER_HOST: socket, DOCKER_BUILDKIT: '0' })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await closed
  }
  try {
    await eventually('dockerd answers', async () => {
      if (child.exitCode !== null) throw new Error('dockerd ended; it needs root')
      return await docker('info').catch(() => undefined)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { socket, docker, stop }
}
