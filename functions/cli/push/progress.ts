import type { WriteStream } from 'node:tty'
import { formatBytes } from '../../../shared/bytes.ts'

const REDRAW_MS = 100
const LINE_MS = 10_000
const SHORT_DIGEST = 19
const BAR = 24
const MAX_LINES = 12
const SECOND_MS = 1_000

export type Phase = 'waiting' | 'saving' | 'compressing' | 'sending' | 'verifying' | 'done'

/** How one thing fares. */
export type Row = {
  readonly phase: (phase: Phase, totalBytes?: number) => void
  /** More of it has been worked on; less, when some of it has to be done again. */
  readonly add: (bytes: number) => void
  /** So much of it has been worked on. */
  readonly set: (bytes: number) => void
  readonly done: (how: string) => void
}

export type Progress = {
  readonly row: (label: string) => Row
  readonly line: (text: string) => void
  readonly end: () => void
}

type State = { label: string; phase: Phase; total: number; at: number; how: string }
type Out = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }

/** Bars on a terminal; elsewhere a line for whatever begins or ends, and one now and then. */
export const createProgress = (out: Out, now: () => number = Date.now): Progress => {
  const rows: State[] = []
  const isTerminal = out.isTTY === true
  let drawn = 0
  let lastLine = now()
  const speed = createSpeed(now)

  const print = (text: string): void => {
    erase()
    out.write(`${text}\n`)
  }
  const erase = (): void => {
    if (drawn > 0) out.write(`\u001b[${drawn}A\u001b[J`)
    drawn = 0
  }
  const draw = (): void => {
    erase()
    const active = rows.filter(({ phase }) => phase !== 'done' && phase !== 'waiting')
    const lines = active.slice(0, MAX_LINES).map(lineOf)
    const waiting = rows.filter(({ phase }) => phase !== 'done').length - lines.length
    if (waiting > 0) lines.push(`${waiting} more to go`)
    if (lines.length > 0) lines.push(`${formatBytes(speed.perSecond())}/s`)
    for (const line of lines) out.write(`${line.slice(0, (out.columns ?? 80) - 1)}\n`)
    drawn = lines.length
  }
  const tick = (): void => {
    if (isTerminal) draw()
    else if (now() - lastLine >= LINE_MS) {
      lastLine = now()
      for (const row of rows)
        if (row.phase !== 'done' && row.phase !== 'waiting') print(lineOf(row))
    }
  }
  const timer = setInterval(tick, REDRAW_MS)
  timer.unref()

  return {
    row: (label) => {
      const state: State = { label, phase: 'waiting', total: 0, at: 0, how: '' }
      rows.push(state)
      return {
        phase: (phase, total) => {
          const isNew = state.phase !== phase
          Object.assign(state, { phase, total: total ?? state.total, ...(isNew && { at: 0 }) })
          if (isNew && !isTerminal) print(`${label} ${phase} ${formatBytes(state.total)}`)
        },
        add: (bytes) => {
          state.at += bytes
          if (state.phase === 'sending') speed.add(bytes)
        },
        set: (bytes) => {
          state.at = bytes
        },
        done: (how) => {
          Object.assign(state, { phase: 'done', how })
          print(`${label} ${how}`)
        },
      }
    },
    line: print,
    end: () => {
      clearInterval(timer)
      erase()
    },
  }
}

const lineOf = ({ at, label, phase, total }: State): string => {
  const share = total === 0 ? 0 : Math.min(1, Math.max(0, at / total))
  const full = Math.round(share * BAR)
  const bar = `${'#'.repeat(full)}${'.'.repeat(BAR - full)}`
  return `${label} ${phase.padEnd('compressing'.length)} [${bar}] ${formatBytes(at)} of ${formatBytes(total)}`
}

/** Bytes in the last seconds. */
const createSpeed = (now: () => number) => {
  const WINDOW = 5
  const seconds = new Map<number, number>()
  const current = (): number => Math.floor(now() / SECOND_MS)
  return {
    add: (bytes: number): void => {
      seconds.set(current(), (seconds.get(current()) ?? 0) + bytes)
    },
    perSecond: (): number => {
      let sum = 0
      for (const [second, bytes] of seconds) {
        if (second < current() - WINDOW) seconds.delete(second)
        else if (second < current()) sum += bytes
      }
      return Math.max(0, sum / WINDOW)
    },
  }
}

/** A digest as people read it. */
export const shortDigest = (digest: string): string => digest.slice(0, SHORT_DIGEST)
