import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { programPath } from '../tools/locate.ts'

const execute = promisify(execFile)

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 4 * 60_000

/** Runs a program of the tools' catalogue to its end and answers its standard output; throws with all it said. */
export const run = async (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd?: string,
): Promise<string> => {
  try {
    const options = { env: { ...env }, cwd, maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS }
    const running = execute(programPath(program), args, options)
    // Some read their input when they miss an argument, and would wait for ever.
    running.child.stdin?.end()
    return (await running).stdout
  } catch (error) {
    const said =
      error instanceof Error && 'stderr' in error && 'stdout' in error
        ? `${String(error.stdout)}${String(error.stderr)}`
        : String(error)
    throw new Error(`${program} ${args.join(' ')} failed: ${said.trim()}`, { cause: error })
  }
}
