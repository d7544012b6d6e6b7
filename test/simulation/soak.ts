/** `npm run soak:simulate`: stories by the million, each under a seed of its own; or one story again. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { isStoryKind, judge, STORIES, tellOf, type StoryKind } from './judge.ts'

const HELP = `Tells stories of pushes, deletes and collectors, and looks at everything after every step.

Usage: npm run soak:simulate                     SIMULATION_STEPS steps (default: 20,000,000), from SIMULATION_SEED on
       npm run soak:simulate -- --story KIND --seed N --steps N [--clients N] [--others N]

KIND: ${Object.keys(STORIES).join(', ')}. The second form tells one story, as a failure says.`

const MOST_STEPS = 20_000_000
const STEPS_OF_A_STORY = 2_500
const PROGRESS_EVERY = 100_000
const SEEDS = 2 ** 31

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const numberOf = (text: string | undefined, otherwise: number): number => {
  const number = text === undefined || text === '' ? otherwise : Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text ?? ''} is no number`)
  return number
}

const tellAgain = async (kind: StoryKind, values: Readonly<Record<string, string | boolean>>) => {
  const [seed, steps, clients, others] = ['seed', 'steps', 'clients', 'others'].map((name) => {
    const value = values[name]
    return typeof value === 'string' ? numberOf(value, 0) : undefined
  })
  const { broken, ...told } = await tellOf(kind, seed ?? 1, {
    steps: steps ?? STEPS_OF_A_STORY,
    ...(clients !== undefined && { clients }),
    ...(others !== undefined && { others }),
  })
  print(broken ?? `${told.steps} steps, and nothing is broken`)
  return broken === undefined
}

const soak = async (): Promise<boolean> => {
  const most = numberOf(process.env['SIMULATION_STEPS'], MOST_STEPS)
  const first = numberOf(process.env['SIMULATION_SEED'], randomInt(SEEDS))
  const kinds = Object.keys(STORIES).filter(isStoryKind)
  print(`${most} steps from SIMULATION_SEED=${first} on`)
  const began = performance.now()
  let [told, reported] = [0, 0]
  for (let seed = first; told < most; seed += 1) {
    const kind = kinds[seed % kinds.length] ?? 'push'
    const { report, steps } = await judge(kind, seed, { steps: STEPS_OF_A_STORY })
    if (report !== undefined) {
      print(report)
      return false
    }
    told += steps
    if (told - reported < PROGRESS_EVERY && told < most) continue
    reported = told
    print(`${told} steps, seed ${seed}, ${Math.round((performance.now() - began) / 1_000)} s`)
  }
  print('nothing is broken')
  return true
}

try {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      ...{ story: text, seed: text, steps: text, clients: text, others: text },
    },
  })
  const { story } = values
  if (values.help === true) print(HELP)
  else if (story === undefined) process.exitCode = (await soak()) ? 0 : 1
  else if (isStoryKind(story)) process.exitCode = (await tellAgain(story, values)) ? 0 : 1
  else throw new Error(`no such story: ${story} (see --help)`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
