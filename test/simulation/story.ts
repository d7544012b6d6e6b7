import { ROUGH, type Faults } from '../../shared/memory/faults.ts'
import { createWorld, type Process } from '../../shared/memory/world.ts'
import { runClient, type Story } from './clients.ts'
import { runCollector } from './collector.ts'
import { violations } from './invariants.ts'
import { createLedger } from './ledger.ts'
import { brokenPromises } from './promises.ts'
import { createRegistry, MIN_PART_BYTES } from './registry.ts'

export type Told = {
  readonly steps: number
  /** The first thing that went wrong, with its step; `undefined` when nothing did. */
  readonly broken: string | undefined
  readonly done: ReadonlyMap<string, number>
}

export type Telling = {
  readonly seed: number
  readonly steps: number
  readonly faults?: Faults
  /** Changes the ports of every process, to see whether the story notices. */
  readonly mutate?: (process: Process) => Process
}

const CLIENTS = 3
const COLLECTORS = 4
const HOUR_MS = 3_600_000

/**
 * Lets clients and collectors loose on one store, with crashes, frozen processes and jumps of time, and looks at
 * everything after every step.
 */
export const tell = async ({ seed, steps, faults = ROUGH, mutate }: Telling): Promise<Told> => {
  const world = createWorld({ seed, faults, minPartBytes: MIN_PART_BYTES })
  const { random, scheduler } = world
  const story: Story = {
    world,
    ledger: createLedger(),
    deletes: new Set(),
    deletedBlobs: new Set(),
    broken: [],
    done: new Map(),
  }
  let born = 0
  const start = (role: 'client' | 'collector'): Process => {
    born += 1
    const process = world.startProcess(`${role} ${born}`)
    const registry = createRegistry(mutate === undefined ? process : mutate(process))
    const life = role === 'client' ? runClient(story, registry) : runCollector(world, registry)
    life.catch((error: unknown) => {
      story.broken.push(
        `a ${role} fell over: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      )
    })
    return process
  }
  const roles = [
    ...Array.from({ length: CLIENTS }, () => 'client' as const),
    ...Array.from({ length: COLLECTORS }, () => 'collector' as const),
  ]
  const processes = roles.map(start)

  for (let step = 1; step <= steps; step += 1) {
    if (!(await scheduler.step()))
      return { steps: step, broken: 'nobody can go on', done: story.done }
    const [broken] = [...story.broken, ...violations(world), ...brokenPromises(story)]
    if (broken !== undefined)
      return { steps: step, broken: `step ${step}: ${broken}`, done: story.done }
    const at = random.below(roles.length)
    const [process, role] = [processes[at], roles[at]]
    if (process === undefined || role === undefined) continue
    if (random.chance(0.002)) {
      process.actor.state = 'crashed'
      processes[at] = start(role)
    } else if (random.chance(0.01)) {
      process.actor.state = process.actor.state === 'frozen' ? 'running' : 'frozen'
    }
    if (processes.every(({ actor }) => actor.state === 'frozen')) {
      for (const { actor } of processes) actor.state = 'running'
    }
    if (random.chance(0.001)) scheduler.advance(random.below(30) * HOUR_MS)
  }
  return { steps, broken: undefined, done: story.done }
}
