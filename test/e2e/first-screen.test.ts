import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { startDockerd } from '../support/dockerd.ts'
import { eventually } from '../support/eventually.ts'
import { provideWorkspace, type Workspace } from '../support/workspace.ts'

const workspace = provideWorkspace()

const ROOT = join(import.meta.dirname, '..', '..')
const ANNOUNCEMENT = /^Roadstead serves on http:\/\/127\.0\.0\.1:(\d+)$/

type Started = {
  readonly host: string
  readonly password: string
  readonly stop: () => Promise<void>
}

/** `npm start`, as the README has it, but on a free port and with data that goes away. */
const npmStart = async ({ path }: Workspace): Promise<Started> => {
  const child = spawn(
    'npm',
    ['start', '--', '--listen', '127.0.0.1:0', '--data', join(path, 'data')],
    // A group of its own: npm has children, and all of them have to end.
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  )
  const closed = once(child, 'close')
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
    await closed
  }
  try {
    const port = await eventually('npm start says where it serves, and what to do', () => {
      if (child.exitCode !== null) throw new Error(`npm start ended: ${lines.join('\n')}`)
      if (!lines.some((line) => line.startsWith('Push something'))) return undefined
      return lines.map((line) => ANNOUNCEMENT.exec(line)?.[1]).find((found) => found !== undefined)
    })
    const password = /admin with the password (\S+)/.exec(lines.join('\n'))?.[1] ?? ''
    return { host: `localhost:${port}`, password, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

test('what the first screen of the README says is what happens', async () => {
  const { host, password, stop } = await npmStart(workspace())
  try {
    const { docker, stop: stopDocker } = await startDockerd(workspace(), 'daemon')
    try {
      // In place of `docker pull alpine`: an image without a network.
      const context = await workspace().directory('context')
      await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY file /file\n')
      await writeFile(join(context, 'file'), randomBytes(10_000))
      await docker('build', '--quiet', '--tag', 'alpine', context)

      await docker('login', '--username', 'admin', '--password', password, host)
      await docker('tag', 'alpine', `${host}/alpine`)
      const said = await docker('push', `${host}/alpine`)
      await docker('image', 'rm', 'alpine', `${host}/alpine`)
      // library is public.
      await docker('logout', host)
      const digest = /digest: (\S+)/.exec(said)?.[1] ?? 'none'
      expect(await docker('pull', `${host}/alpine`)).toContain(`Digest: ${digest}`)

      // Without a project it is `library/alpine`, as on Docker Hub.
      for (const name of ['alpine', 'library/alpine']) {
        const answer = await fetch(`http://${host}/v2/${name}/tags/list`)
        expect(await answer.json()).toEqual({ name, tags: ['latest'] })
      }
    } finally {
      await stopDocker()
    }
  } finally {
    await stop()
  }
})
