import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** A service that runs beside the tests, on a port of its own. */
export type Endpoint = {
  readonly endpoint: string
  /** Resolves when the process is gone. */
  stop(): Promise<void>
}

type Command = {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Throws until the service answers. */
  readonly probe: () => Promise<void>
}

const READY_TIMEOUT_MS = 60_000
const POLL_MS = 100
const TERM_TIMEOUT_MS = 5_000
const KEPT_OUTPUT = 4_000

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Starts a service and waits until it answers; it never outlives this process. */
export const startProcess = async (endpoint: string, command: Command): Promise<Endpoint> => {
  const child = spawn(command.program, command.args, {
    // Both leave files where they run.
    cwd: tmpdir(),
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: MiniStack starts processes for functions, which must go with it.
    detached: true,
  })
  const output = keepOutput(child)
  const killNow = (): void => {
    signal(child, 'SIGKILL')
  }
  process.once('exit', killNow)
  const stop = async (): Promise<void> => {
    signal(child, 'SIGTERM')
    if (child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child, 'exit'), sleep(TERM_TIMEOUT_MS)])
    }
    killNow()
    process.off('exit', killNow)
  }
  try {
    await ready(child, command.probe)
  } catch (error) {
    await stop()
    throw new Error(`${command.program} did not start: ${output()}`, { cause: error })
  }
  return { endpoint, stop }
}

const ready = async (child: ChildProcess, probe: () => Promise<void>): Promise<void> => {
  const deadline = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    try {
      await probe()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(POLL_MS)
    }
  }
}

const signal = (child: ChildProcess, name: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // The whole group is gone.
  }
}

/** The end of what the process says, for the message when it does not start. */
const keepOutput = (child: ChildProcess): (() => string) => {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-KEPT_OUTPUT)
    })
  }
  return () => text
}
