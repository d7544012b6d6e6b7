import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../tools/locate.ts'
import { eventually } from './eventually.ts'
import { run } from './run.ts'
import type { Workspace } from './workspace.ts'

export type Containerd = {
  /** Runs the client against this daemon. */
  readonly ctr: (...args: readonly string[]) => Promise<string>
  readonly stop: () => Promise<void>
}

/** Starts a daemon of its own with an empty store in the workspace; answers when it answers. */
export const startContainerd = async (workspace: Workspace, name: string): Promise<Containerd> => {
  const directory = await workspace.directory(name)
  const socket = join(directory, 'socket')
  const config = join(directory, 'config.toml')
  const lines = [
    'version = 2',
    `root = "${join(directory, 'root')}"`,
    `state = "${join(directory, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    '[grpc]',
    `address = "${socket}"`,
  ]
  await writeFile(config, lines.join('\n'))
  const env = { ...workspace.env }
  const child = spawn(programPath('containerd'), ['--config', config], { env, stdio: 'ignore' })
  const closed = once(child, 'close')
  const ctr = async (...args: readonly string[]): Promise<string> =>
    await run('ctr', ['--address', socket, ...args], env)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await closed
  }
  try {
    await eventually('containerd answers', async () => {
      if (child.exitCode !== null) throw new Error('containerd ended; it needs root')
      return await ctr('version').catch(() => undefined)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { ctr, stop }
}
