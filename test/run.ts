/** `npm test`: every tier whose tools are on this machine; the last line is `N passed, N failed`. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createLimiter } from '../shared/limiter.ts'
import { TIERS, type Tier } from './tools/catalogue.ts'
import { missingTools } from './tools/locate.ts'
import { runTier, type Outcome } from './tools/run-tier.ts'

const HELP = `Runs the tests, tier by tier.

Usage: npm test [-- TIER ...]

Tiers: ${TIERS.join(', ')} (default: all)
A tier whose tools are missing is skipped and named at the end; npm run tools brings them.
With CI=true the tools are installed first, and whatever is skipped is a failure.`

type Line = { readonly tier: Tier } & (Outcome | { readonly missing: readonly string[] })

const isCi = process.env['CI'] === 'true'

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const selectTiers = (names: readonly string[]): readonly Tier[] => {
  const unknown = names.filter((name) => !TIERS.some((tier) => tier === name))
  if (unknown.length > 0) throw new Error(`no such tier: ${unknown.join(', ')} (see --help)`)
  return TIERS.filter((tier) => names.length === 0 || names.includes(tier))
}

/** A tool that cannot be installed shows as a tier that is skipped, with its reason above. */
const installTools = (): void => {
  spawnSync(process.execPath, [join(import.meta.dirname, 'tools', 'install.ts')], {
    stdio: 'inherit',
  })
}

/** Much of a tier is waiting: for clients, for emulators, for disks, for what is to be collected. */
const AT_ONCE = 3

/** The longest first, so that none of them ends alone. */
const LONG: readonly Tier[] = ['aws', 'crash', 'soak', 'simulation', 'harbor', 'server', 'clients']

const inTurn = (tiers: readonly Tier[]): readonly Tier[] => [
  ...LONG.filter((tier) => tiers.includes(tier)),
  ...tiers.filter((tier) => !LONG.includes(tier)),
]

const runAll = async (tiers: readonly Tier[]): Promise<readonly Line[]> => {
  const limit = createLimiter(AT_ONCE)
  const isAlone = tiers.length === 1
  const run = async (tier: Tier): Promise<Line> => {
    const missing = missingTools(tier).map(({ name }) => name)
    if (missing.length > 0) return { tier, missing }
    const began = performance.now()
    print(`=== ${tier} begins`)
    const outcome = await runTier(tier, { isAlone })
    print(`=== ${tier} has taken ${Math.round((performance.now() - began) / 1000)} s`)
    return { tier, ...outcome }
  }
  const ended = new Map<Tier, Promise<Line>>()
  for (const tier of inTurn(tiers)) {
    ended.set(
      tier,
      limit(async () => await run(tier)),
    )
  }
  return await Promise.all(tiers.flatMap((tier) => ended.get(tier) ?? []))
}

const describe = (line: Line): string => {
  const name = line.tier.padEnd(12)
  if ('missing' in line) {
    return `${name} skipped: ${line.missing.join(', ')} missing; npm run tools brings what it needs`
  }
  const skipped = line.skipped > 0 ? `, ${line.skipped} skipped` : ''
  return `${name} ${line.passed} passed, ${line.failed} failed${skipped}`
}

const complaints = (line: Line): readonly string[] =>
  'missing' in line ? [] : line.complaints.map((text) => `${line.tier}: ${text}`)

/** In CI whatever did not run counts as failed: a green run has run everything. */
const failures = (line: Line): number => {
  if ('missing' in line) return isCi ? 1 : 0
  return line.failed + (isCi ? line.skipped : 0)
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0)

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  if (values.help === true) {
    print(HELP)
    return
  }
  const tiers = selectTiers(positionals)
  if (isCi) installTools()
  const lines = await runAll(tiers)
  for (const text of lines.flatMap(complaints)) print(`\nFAILED ${text}`)
  print(`\n${lines.map(describe).join('\n')}\n`)
  const passed = sum(lines.map((line) => ('missing' in line ? 0 : line.passed)))
  const failed = sum(lines.map(failures))
  print(`${passed} passed, ${failed} failed`)
  // A run that ran nothing has shown nothing.
  if (failed > 0 || passed === 0) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
