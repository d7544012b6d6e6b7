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
  /** What failed and why, a text each, to be read where the tier's own report has long scrolled by. */
  readonly complaints: readonly string[]
}

const report = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})

/** Enough for a message with its difference and the top of its stack. */
const COMPLAINT_LINES = 25

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
    return count(text ?? NO_REPORT, exitCode)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Of a run that ended before it could write one. */
const NO_REPORT = JSON.stringify({
  ...{ success: false, numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 },
  testResults: [{ name: 'the tier', status: 'failed', message: 'no report', assertionResults: [] }],
})

/** Counts a report of vitest; whatever makes a run fail without a failed test counts as one. */
export const count = (text: string, exitCode: number): Outcome => {
  const found = report.parse(JSON.parse(text))
  const brokenFiles = found.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const failedTests = found.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((test) => test.status === 'failed'),
  )
  const failed = found.numFailedTests + brokenFiles.length
  const isBad = exitCode !== 0 || !found.success || found.numPassedTests + failed === 0
  return {
    passed: found.numPassedTests,
    failed: isBad ? Math.max(failed, 1) : failed,
    skipped: found.numPendingTests + found.numTodoTests,
    complaints: [
      ...brokenFiles.map(({ name, message }) => complaint(name, [message ?? ''])),
      ...failedTests.map(({ fullName, failureMessages }) =>
        complaint(fullName, failureMessages ?? []),
      ),
    ],
  }
}

const complaint = (name: string, messages: readonly string[]): string =>
  [name, ...messages.join('\n').split('\n').slice(0, COMPLAINT_LINES)].join('\n    ')

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
