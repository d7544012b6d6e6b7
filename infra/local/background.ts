/** Processes that outlive the command that starts them. */
import { execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A process, and words of its command line by which it is told from another one that got its number. */
export type Background = { readonly pid: number; readonly words: string }

type Command = {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const POLL_MS = 100
const READY_MS = 60_000
const TERM_MS = 10_000
const SHOWN_CHARACTERS = 2_000

/** Starts a process in a group of its own, with what it says in a file; answers when the probe does. */
export const startInBackground = async (
  directory: string,
  name: string,
  { args, env, program }: Command,
  started: (process: Background) => void,
  probe: () => Promise<boolean>,
): Promise<void> => {
  const cwd = join(directory, name)
  mkdirSync(cwd, { recursive: true })
  const file = join(directory, `${name}.log`)
  const log = openSync(file, 'w')
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      const said = readFileSync(file, 'utf8').slice(-SHOWN_CHARACTERS)
      reject(new Error(`${name} ended with ${code ?? 'a signal'}: ${said}`))
    })
  })
  // It is waited for below, or not at all.
  failed.catch(() => undefined)
  if (child.pid !== undefined) started({ pid: child.pid, words: [program, ...args].join(' ') })
  await Promise.race([
    failed,
    until(probe, READY_MS, `${name} answers; it says what it does in ${file}`),
  ])
  child.unref()
}

/** Ends a process with all that it started, and waits for that; one that is gone already is fine. */
export const endInBackground = async (one: Background): Promise<void> => {
  const isGone = async (): Promise<boolean> => !(await isRunning(one))
  if (await isGone()) return
  signal(one.pid, 'SIGTERM')
  await until(isGone, TERM_MS, `process ${one.pid} ends`).catch(() => undefined)
  // Also what it leaves behind.
  signal(one.pid, 'SIGKILL')
}

/** Whether a process is there, and is still the one that was started. */
export const isRunning = async ({ pid, words }: Background): Promise<boolean> => {
  const { stdout } = await promisify(execFile)('ps', [
    '-ww',
    '-o',
    'args=',
    '-p',
    String(pid),
  ]).catch(() => ({ stdout: '' }))
  return stdout.includes(words)
}

/** Asks until the answer is yes; throws, naming what was waited for. */
const until = async (ask: () => Promise<boolean>, ms: number, what: string): Promise<void> => {
  const deadline = performance.now() + ms
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await sleep(POLL_MS)
  }
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(-pid, name)
  } catch {
    // The whole group is gone.
  }
}
