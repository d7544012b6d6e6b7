import { parseArgs } from 'node:util'

export const BENCHES = [
  'compare',
  'upload',
  'tags',
  'lists',
  'access',
  'start',
  'import',
  'push',
  'collect',
] as const
export type Bench = (typeof BENCHES)[number]

export type BenchOptions = {
  readonly bench: Bench
  readonly rounds: number
  readonly seconds: number
  readonly megabytes: number
  readonly json: boolean
}

/** A mistake of the person at the keyboard, or something that is not installed, in one sentence. */
export class BenchError extends Error {
  override readonly name = 'BenchError'
}

export const HELP = `Measures this registry beside distribution 3 and 2.8 on one machine: only ratios mean anything.

Usage: npm run bench -- [compare|upload|tags|lists|access|start|import|push|collect] [options]

  compare         reads by 16 connections, and pushes and pulls of two images (the default)
  upload          the memory that an upload of 5 GB takes
  tags            the first page of a list of 100 and of 100,000 tags (not 2.8: it has no pages)
  lists           the first page of every list with 10 and with up to 100,000 entries (ours alone)
  access          what a token costs a read of a manifest by tag (ours alone)
  start           from the start of the process to its first answer
  import          how long a process takes that loads the bundle of the function registry, beside one of Hono and jose alone
  push            roadstead push of one layer to a local S3, beside the bare SDK
  collect         how fast garbage is collected, in registries of two sizes, and what reads feel of it (ours alone)

  --rounds N      rounds, in each of which every registry has its turn (default 3, at least 3)
  --seconds N     how long one load lasts (default 4)
  --megabytes N   of the layer of push (default 1000)
  --json          print the measurements as JSON
  --help          show this

Everything runs on 127.0.0.1; data lie in .roadstead/ below the working directory and are deleted.`

const MIN_ROUNDS = 3

/** Reads the command line; `help`: the user asked how. Throws a `BenchError`. */
export const parseBenchOptions = (args: readonly string[]): BenchOptions | 'help' => {
  const { positionals, values } = parse(args)
  if (values.help === true) return 'help'
  const [name = 'compare', ...rest] = positionals
  const bench = BENCHES.find((one) => one === name)
  if (bench === undefined || rest.length > 0) {
    throw new BenchError(`unknown benchmark ${positionals.join(' ')}; --help shows them`)
  }
  return {
    bench,
    rounds: count('--rounds', values.rounds ?? String(MIN_ROUNDS), MIN_ROUNDS),
    seconds: count('--seconds', values.seconds ?? '4', 1),
    megabytes: count('--megabytes', values.megabytes ?? '1000', 1),
    json: values.json === true,
  }
}

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        megabytes: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new BenchError('unknown option; --help shows the options', { cause: error })
  }
}

const count = (flag: string, text: string, least: number): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new BenchError(`${flag} must be a whole number of ${least} or more`)
}
