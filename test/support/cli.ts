import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually } from './eventually.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'functions', 'cli', 'main.ts')
const LOOK_MS = 50
const KIB = 1024

export type CliEnv = Readonly<Record<string, string>>

export type Said = {
  /** `null`: a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** The most memory that it ever had. */
  readonly peakBytes: number
}

export type RunningCli = { readonly process: ChildProcess; readonly said: Promise<Said> }

/** Starts `roadstead` with some arguments. */
export const startCli = (args: readonly string[], env: CliEnv): RunningCli => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let peakBytes = 0
  const timer = setInterval(() => {
    void (async () => {
      // Gone, or not on Linux.
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8').catch(() => '')
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * KIB
      peakBytes = Math.max(peakBytes, peak)
    })()
  }, LOOK_MS)
  const said = async (): Promise<Said> => {
    const closed = once(child, 'close')
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    await closed
    clearInterval(timer)
    return { code: child.exitCode, out, err, peakBytes }
  }
  return { process: child, said: said() }
}

/** Runs it to its end. */
export const runCli = async (args: readonly string[], env: CliEnv): Promise<Said> =>
  await startCli(args, env).said

/** Runs a proxy before a registry while `use` runs; it listens on a free port. */
export const withProxy = async <T>(
  registry: string,
  options: { readonly args?: readonly string[]; readonly env?: CliEnv },
  use: (host: string) => Promise<T>,
): Promise<T> => {
  const { args = [], env = {} } = options
  const listen = ['--listen', '127.0.0.1:0', '--registry', registry]
  const child = spawn(process.execPath, [MAIN, 'proxy', ...listen, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()))
  try {
    const host = await eventually('the proxy says where it serves', () => {
      if (child.exitCode !== null) throw new Error(`the proxy ended: ${said}`)
      return / on http:\/\/(\S+)/.exec(said)?.[1]
    })
    return await use(host)
  } finally {
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await closed
  }
}
