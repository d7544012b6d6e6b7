import { CliError } from './client.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const INTERRUPTED = 130

/**
 * Runs something that a person may stop: the first Ctrl-C aborts it and lets it clear up, a second one ends the process
 * at once. `what` says how things stand then.
 * @throws CliError with that sentence
 */
export const interruptible = async <T>(
  what: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    return await run(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
    process.exitCode = INTERRUPTED
    throw new CliError(what, { cause: error })
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}
