import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually } from './eventually.ts'
import { temporaryDirectory } from './temporary.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'functions', 'server', 'main.ts')
const ANNOUNCEMENT = /^Roadstead serves on (https?:\/\/\S+)$/

export type ServerOptions = {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A directory to serve from, which then stays; by default a fresh one that goes with `stop`. */
  readonly data?: string
  /** The password of `admin`; by default everybody may do everything, projects come into being on push included. */
  readonly adminPassword?: string
  /** The certificate to expect when it serves HTTPS. */
  readonly ca?: string
}

export type RunningServer = {
  /** Without a slash at the end. */
  readonly url: string
  /** As in an image reference: address and port. */
  readonly host: string
  readonly port: number
  readonly data: string
  readonly process: ChildProcess
  /** Ends it politely, waits, and removes a data directory of its own. */
  readonly stop: () => Promise<void>
  /** Ends it as a power failure would, and leaves the data directory. */
  readonly kill9: () => Promise<void>
  /** Every line of its output so far. */
  readonly log: () => readonly string[]
}

/** Starts the server on a free port and answers when it is ready; throws with its output when it ends before. */
export const startServer = async (options: ServerOptions = {}): Promise<RunningServer> => {
  const own = options.data === undefined ? await temporaryDirectory('data') : undefined
  const data = options.data ?? own?.path ?? ''
  const { adminPassword } = options
  const access =
    adminPassword === undefined
      ? { ROADSTEAD_ACCESS: 'open', ROADSTEAD_CREATE_PROJECTS_ON_PUSH: 'true' }
      : { ROADSTEAD_ADMIN_PASSWORD: adminPassword }
  const child = spawn(
    process.execPath,
    [MAIN, '--listen', '127.0.0.1:0', '--data', data, ...(options.args ?? [])],
    { env: { ...process.env, ...access, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    await closed
  }
  const stop = async (): Promise<void> => {
    await end('SIGTERM')
    await own?.remove()
  }
  try {
    const url = await readiness(child, lines, options.ca)
    const { host, port } = new URL(url)
    return {
      ...{ url, host, port: Number(port), data, process: child, stop },
      kill9: () => end('SIGKILL'),
      log: () => lines,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const readiness = async (
  child: ChildProcess,
  lines: readonly string[],
  ca: string | undefined,
): Promise<string> => {
  const output = (): string => lines.join('\n')
  const url = await eventually('the server says where it serves', () => {
    if (child.exitCode !== null) throw new Error(`the server ended: ${output()}`)
    return lines.map((line) => ANNOUNCEMENT.exec(line)?.[1]).find((found) => found !== undefined)
  })
  await eventually('the server is ready', async () => {
    const get = url.startsWith('https') ? https.get : http.get
    const [answer] = (await once(get(`${url}/readyz`, { ca }), 'response')) as [IncomingMessage]
    answer.resume()
    return answer.statusCode === 200 ? true : undefined
  })
  return url
}
