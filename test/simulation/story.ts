import { ROUGH, type Faults } from '../../shared/memory/faults.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { createWorld, type Process } from '../../shared/memory/world.ts'
import { DEFAULT_TIMES, type Times } from '../../shared/tasks/times.ts'
import { runAuditor } from './auditor.ts'
import { runClient, type Story } from './clients.ts'
import { runCollector } from './collector.ts'
import { violations } from './invariants.ts'
import { createNoteCollected } from './collected.ts'
import { createLedger } from './ledger.ts'
import { brokenPromises, brokenPulls } from './promises.ts'
import { createRegistry, MIN_PART_BYTES, type Registry } from './registry.ts'
import { misplaced } from './listings.ts'
import { runForeseer } from './foreseer.ts'
import { garbage } from './garbage.ts'
import { brokenTrash } from './trash.ts'
import { runWorker, workEverythingOff } from './worker.ts'

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
  /** 3 if absent. */
  readonly clients?: number
  /** Processes that work off the tasks of garbage collection, as the product has them. */
  readonly workers?: number
  /** Processes that compare the table with the bucket all the while. */
  readonly auditors?: number
  /** Processes that ask all the while what would be collected. */
  readonly foreseers?: number
  /** Processes that collect whatever the protocol lets them; 4 if absent. */
  readonly collectors?: number
  /** Whether workers and collectors collect what neither a tag nor an index holds, as soon as they see it. */
  readonly deletesUntagged?: boolean
  /** Whether clients mostly pull blobs, and delete them. */
  readonly pullsMuch?: boolean
  /** Whether clients mostly delete images and bring them back. */
  readonly undeletesMuch?: boolean
  /** Whether clients mostly push and delete indexes, and tag their parts. */
  readonly indexesMuch?: boolean
  /** Lets the clients go home at the end, and has everything worked off; what is left then must be in use. */
  readonly isSettled?: boolean
}

const CLIENTS = 3
const COLLECTORS = 4
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Garbage goes while the story is told; only who is in flight for a day leaves something that is never found. */
const IMPATIENT: Times = {
  ...DEFAULT_TIMES,
  ...{ lease: 20 * MINUTE_MS, leaseLeft: 15 * MINUTE_MS, clockSkew: 0 },
  ...{ uploadIdle: 10 * MINUTE_MS, intentReview: 10 * MINUTE_MS, pullGrace: 10 * MINUTE_MS },
  ...{ trash: 10 * MINUTE_MS, referrers: 10 * MINUTE_MS, inFlight: 24 * HOUR_MS },
}

/** Nothing but the grace of pulls keeps an object for whoever has its URL. */
const PULLING: Times = { ...IMPATIENT, trash: 0 }

/** Blobs are in the trash most of the time that their images are. */
const KEEPING: Times = {
  ...IMPATIENT,
  ...{ lease: 9 * MINUTE_MS, leaseLeft: 8 * MINUTE_MS, pullGrace: 2 * MINUTE_MS },
  trash: 90 * MINUTE_MS,
}

/**
 * Lets clients and collectors loose on one store, with crashes, frozen processes and jumps of time, and looks at
 * everything after every step.
 */
export const tell = async ({
  seed,
  steps,
  faults = ROUGH,
  mutate,
  clients = CLIENTS,
  workers = 0,
  auditors = 0,
  foreseers = 0,
  collectors = COLLECTORS,
  isSettled = false,
  deletesUntagged = false,
  pullsMuch = false,
  undeletesMuch = false,
  indexesMuch = false,
}: Telling): Promise<Told> => {
  const world = createWorld({ seed, faults, minPartBytes: MIN_PART_BYTES })
  const { random, scheduler } = world
  const short = pullsMuch ? PULLING : IMPATIENT
  const times = undeletesMuch ? KEEPING : short
  const isShort = isSettled || undeletesMuch
  const story: Story = {
    world,
    ledger: createLedger(),
    deletes: new Set(),
    removals: new Set(),
    removedAt: new Map(),
    deletedBlobs: new Set(),
    referrers: new Set(),
    ...{ deletesUntagged, indexesMuch, pullsMuch, undeletesMuch },
    pulls: collectors === 0 ? new Map() : undefined,
    leaked: [],
    broken: [],
    done: new Map(),
    pullPromiseMs: times.pullGrace - MINUTE_MS,
    headPromiseMs: (isShort ? times : DEFAULT_TIMES).leaseLeft - 5 * MINUTE_MS,
  }
  const noteCollected = createNoteCollected()
  // Loads what would else take its time in the middle of the first story.
  await createPortableHashing().start('sha256')
  let born = 0
  const start = (role: Role): Process => {
    born += 1
    const process = world.startProcess(`${role} ${born}`)
    const registry = createRegistry(
      mutate === undefined ? process : mutate(process),
      isShort ? times : undefined,
    )
    const life = LIVES[role](story, registry)
    life.catch((error: unknown) => {
      story.broken.push(
        `a ${role} fell over: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      )
    })
    return process
  }
  const roles = [
    ...Array.from({ length: clients }, () => 'client' as const),
    ...Array.from({ length: collectors }, () => 'collector' as const),
    ...Array.from({ length: workers }, () => 'worker' as const),
    ...Array.from({ length: auditors }, () => 'auditor' as const),
    ...Array.from({ length: foreseers }, () => 'foreseer' as const),
  ]
  const processes = roles.map(start)

  /** One that was born a moment ago, all others being frozen, has not asked for its first turn yet. */
  const stepOfNewborn = async (): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve))
    return await scheduler.step()
  }

  let seen = ''
  const look = (now: Story): readonly string[] => {
    noteCollected(now)
    return [...violations(world), ...brokenPromises(now), ...brokenPulls(now), ...brokenTrash(now)]
  }
  for (let step = 1; step <= steps; step += 1) {
    if (!(await scheduler.step()) && !(await stepOfNewborn()))
      return { steps: step, broken: 'nobody can go on', done: story.done }
    const state = stateOf(story)
    const [broken] = state === seen ? story.broken : [...story.broken, ...look(story)]
    seen = state
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
    if (isShort && random.chance(0.01)) scheduler.advance(random.below(15) * MINUTE_MS)
    if (!isShort && random.chance(0.001)) scheduler.advance(random.below(30) * HOUR_MS)
  }
  if (isSettled) {
    for (const { actor } of processes) actor.state = 'crashed'
    const left = await workEverythingOff(world)
    const [broken] = [...violations(world), ...left, ...garbage(world), ...misplaced(world)]
    if (broken !== undefined) return { steps, broken: `in the end: ${broken}`, done: story.done }
  }
  const [leaked] = story.leaked
  if (leaked !== undefined) return { steps, broken: `leak: ${leaked}`, done: story.done }
  return { steps, broken: undefined, done: story.done }
}

/** Where nothing has changed and nobody has learnt anything, all is as right as it was: most steps are reads. */
const stateOf = ({ ledger, world: { bucket, table } }: Story): string =>
  [table.changes(), bucket.changes(), ledger.changes()].join()

type Role = 'client' | 'collector' | 'worker' | 'auditor' | 'foreseer'

const LIVES: Readonly<Record<Role, (story: Story, registry: Registry) => Promise<void>>> = {
  client: runClient,
  collector: runCollector,
  worker: runWorker,
  auditor: runAuditor,
  foreseer: runForeseer,
}
