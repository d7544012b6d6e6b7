import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Tier } from './catalogue.ts'

/** What one tier came to. */
export type Outcome = {
  readonly passed: number
  readonly failed: number
  /** Tests that the tier left out by itself. */
  readonly skipped: number
}

const report = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
})

/**
 * Runs one project of `vitest.config.ts`. Its own report goes to the terminal: as it comes, or as a whole in the end where
 * others run beside it.
 */
export const runTier = async (
  tier: Tier,
  { isAlone }: { readonly isAlone: boolean },
): Promise<Outcome> => {
  const directory = await mkdtemp(join(tmpdir(), 'roadstead-report-'))
  const file = join(directory, 'report.json')
  try {
    const args = [
      ...['run', '--project', tier],
      ...['--reporter', 'default', '--reporter', 'json', '--outputFile.json', file],
    ]
    const exitCode = await vitest(args, isAlone ? 'inherit' : 'pipe')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    return text === undefined ? { passed: 0, failed: 1, skipped: 0 } : count(text, exitCode)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Counts a report of vitest; whatever makes a run fail without a failed test counts as one. */
export const count = (text: string, exitCode: number): Outcome => {
  const found = report.parse(JSON.parse(text))
  const brokenFiles = found.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = found.numFailedTests + brokenFiles
  const isBad = exitCode !== 0 || !found.success || found.numPassedTests + failed === 0
  return {
    passed: found.numPassedTests,
    failed: isBad ? Math.max(failed, 1) : failed,
    skipped: found.numPendingTests + found.numTodoTests,
  }
}

const ROOT = join(import.meta.dirname, '..', '..')
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')

const vitest = async (args: readonly string[], output: 'inherit' | 'pipe'): Promise<number> =>
  await new Promise((resolve, reject) => {
    const stdio = ['inherit', output, output] as const
    const child = spawn(process.execPath, [VITEST, ...args], { cwd: ROOT, stdio: [...stdio] })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => said.push(bytes))
    }
    child.once('error', reject).once('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      resolve(code ?? 1)
    })
  })
