import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import type { LogLevel } from './options.ts'

/** One request, as its line in the log tells it. Headers and queries stay out: they may hold secrets. */
export type RequestLine = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** Of the answer's body; with its head where the length was not known beforehand. */
  readonly bytes: number
  readonly ms: number
  readonly remote: string
  readonly agent: string
  /** The client went away before the answer was complete. */
  readonly aborted?: true
}

export type Log = {
  readonly request: (line: RequestLine) => void
  readonly error: (
    message: string,
    error: unknown,
    fields?: Readonly<Record<string, string>>,
  ) => void
  readonly info: (message: string, fields?: Readonly<Record<string, string>>) => void
  /** Writes out what is still in memory. */
  readonly flush: () => void
}

const STDOUT = 1
/** A line waits for company this long at most, so that a busy server does not pay a system call for each. */
const FLUSH_MS = 50
const FLUSH_CHARACTERS = 64 * 1024

const RANKS: Readonly<Record<LogLevel, number>> = { silent: 0, error: 1, info: 2, debug: 3 }

/** Lines of JSON, or readable ones for a terminal. */
export const createLog = (level: LogLevel, isTerminal: boolean): Log => {
  let pending = ''
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const text = pending
    pending = ''
    writeFully(text)
  }

  const write = (line: string): void => {
    pending += line
    if (pending.length >= FLUSH_CHARACTERS) flush()
    else timer ??= setTimeout(flush, FLUSH_MS)
  }

  const emit = (
    rank: LogLevel,
    fields: Readonly<Record<string, unknown>>,
    text: () => string,
  ): void => {
    if (RANKS[rank] > RANKS[level]) return
    const time = new Date().toISOString()
    write(
      isTerminal
        ? `${time.slice(11, 23)} ${text()}\n`
        : `${JSON.stringify({ time, level: rank, ...fields })}\n`,
    )
  }

  return {
    flush,
    request: (line) => {
      emit(line.status >= 500 ? 'error' : 'info', line, () => readable(line))
    },
    error: (message, error, fields = {}) => {
      const cause = inspect(error, { depth: 4 })
      emit('error', { message, ...fields, error: cause }, () => `ERROR ${message}: ${cause}`)
    },
    info: (message, fields = {}) => {
      const told = Object.entries(fields).map(
        ([name, value]) => ` ${name}=${JSON.stringify(value)}`,
      )
      emit('info', { message, ...fields }, () => `${message}${told.join('')}`)
    },
  }
}

const readable = ({ method, path, status, bytes, ms, aborted }: RequestLine): string =>
  `${status} ${method} ${path} ${bytes} B ${ms.toFixed(1)} ms${aborted === true ? ' (aborted)' : ''}`

/** A pipe may be full or its reader gone; neither may take the registry down. */
const writeFully = (text: string): void => {
  let rest = Buffer.from(text)
  for (let tries = 0; rest.byteLength > 0 && tries < 100; tries += 1) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return
    }
  }
}
