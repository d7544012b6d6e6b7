/** `npm run soak`: real clients against a real server that collects garbage every second. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { temporaryDirectory } from '../support/temporary.ts'
import { keep, soak } from './soak.ts'
import { summarize } from './summary.ts'

const HELP = `skopeo, crane, oras and regctl push, retag, mount, delete and pull at one registry that collects garbage
every second. Nothing may go wrong but what the protocol promises (test/soak/promises.ts), and in the end exactly what is
alive is stored.

Usage: npm run soak -- [--minutes N] [--seed N]

  --minutes N   how long the clients are at it (default 10)
  --seed N      of what they do; when they do it is up to the machine
  --help        show this`

const DEFAULT_MINUTES = 10
const SEEDS = 2 ** 31

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const positive = (flag: string, text: string): number => {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new Error(`${flag}: ${text} is no number above 0`)
}

const main = async (): Promise<void> => {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' }, minutes: text, seed: text },
  })
  if (values.help === true) {
    print(HELP)
    return
  }
  const seconds = 60 * positive('--minutes', values.minutes ?? String(DEFAULT_MINUTES))
  const seed = positive('--seed', values.seed ?? String(randomInt(1, SEEDS)))
  const { path, remove } = await temporaryDirectory('soak')
  const result = await soak({ seconds, seed, directory: path, progress: print })
  print(summarize(result))
  if (result.wrong.length === 0) {
    await remove()
    return
  }
  print(`seed ${seed}; the log of the server and of the clients is in ${await keep(path, result)}`)
  process.exitCode = 1
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
