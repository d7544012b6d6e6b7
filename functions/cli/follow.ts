import { setTimeout as sleep } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import { CliError } from './client.ts'

const LOOK_MS = 500
const LINE_MS = 10_000

/** What goes on elsewhere, for a while. */
export type Followed<Run> = {
  readonly look: () => Promise<Run>
  readonly isOver: (run: Run) => boolean
  /** How it goes, in a line. */
  readonly describe: (run: Run) => string
  readonly stop: () => Promise<void>
}

type Following = {
  readonly signal?: AbortSignal
  /** How long to wait between looks. */
  readonly everyMs?: number
}

type Out = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }

/**
 * Shows how something goes until it is over: one line on a terminal, which changes, elsewhere a line now and then.
 * @throws CliError when the signal comes, and has it stopped
 */
export const follow = async <Run>(
  { describe, isOver, look, stop }: Followed<Run>,
  out: Out,
  { everyMs = LOOK_MS, signal }: Following = {},
): Promise<Run> => {
  let saidAt = Date.now()
  for (;;) {
    const run = await look()
    const line = isOver(run) ? undefined : describe(run)
    if (out.isTTY === true) out.write(`\r\u001b[K${line ?? ''}`)
    else if (line !== undefined && Date.now() - saidAt >= LINE_MS) {
      saidAt = Date.now()
      out.write(`${line}\n`)
    }
    if (line === undefined) return run
    if (signal?.aborted === true) {
      await stop()
      throw new CliError('stopped')
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}
