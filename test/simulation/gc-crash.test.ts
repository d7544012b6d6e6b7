import { beforeAll, describe, expect, it } from 'vitest'
import { readLog, type LogLine } from '../../shared/gc/log.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff } from '../../shared/gc/work.ts'
import type { Process } from '../../shared/memory/world.ts'
import { PortError, type Objects } from '../../shared/ports.ts'
import { gcLogPartition } from '../../shared/table.ts'
import { createMortal, isRead, type Death } from '../support/around.ts'
import type { CalmWorld } from './calm-world.ts'
import { createEveryTask, GRACE_MS, TASK_TYPES, TIMES } from './every-task.ts'
import { garbage } from './garbage.ts'
import { violations } from './invariants.ts'
import { misplaced } from './listings.ts'
import { createRegistry } from './registry.ts'
import { gcOf, LOGGED_RUN } from './worker.ts'

/** Of the run that the collectors here work for. */
const LOG = gcLogPartition(LOGGED_RUN, 0).slice(0, -1)
/** The longest chain of tasks takes fewer, even when some fail now and then. */
const ROUNDS = 30

type Ended = { readonly left: readonly string[]; readonly log: readonly string[] }

type Trouble = { readonly type: string; readonly error: unknown }

/** One process works off everything, as time goes by. */
const collect = async (
  world: CalmWorld,
  process: Process = world.startProcess(),
  troubled: (trouble: Trouble) => void = ({ error }) => {
    throw error
  },
): Promise<void> => {
  const gc = gcOf(createRegistry(process, TIMES))
  const work = { isStopped: () => false, troubled }
  for (let round = 0; round < ROUNDS; round += 1) {
    await unpark(gc, work.isStopped)
    await workOff(gc, work)
    if (!world.table.items().some(({ pk }) => /^(?:TASK|PARKED)#/.test(pk))) return
    world.pass(2 * GRACE_MS)
  }
}

const nameOf = ({ digest, oid, rid, sizeBytes, what }: LogLine): string =>
  [what, rid, digest, oid, sizeBytes].map(String).join(' ')

/** What there is when all is done: names of items and objects, lines of the log; broken invariants and garbage. */
const endOf = async (world: CalmWorld): Promise<Ended> => {
  const { context } = createRegistry(world.startProcess(), TIMES)
  const log = await Array.fromAsync(readLog(context.store, LOGGED_RUN))
  const items = world.table.items().filter(({ pk }) => !pk.startsWith(LOG))
  return {
    left: [
      ...violations(world),
      ...garbage(world),
      ...misplaced(world),
      ...items.map(({ pk, sk, state }) => `${pk} ${sk} ${String(state)}`),
      ...world.bucket.objects.keys(),
      ...[...world.bucket.uploads.values()].map(({ key }) => `upload of ${key}`),
    ].sort(),
    log: log.map(nameOf).sort(),
  }
}

const isLeft = (line: string): boolean => /^(?:I\d|garbage|misplaced|TASK|PARKED)/.test(line)

let past: CalmWorld
/** The calls of a collector that nothing disturbs, and where it ends. */
let methods: readonly string[]
let undisturbed: Ended

beforeAll(async () => {
  const { world, kept } = await createEveryTask()
  past = world
  const seen: string[] = []
  const types = new Set<unknown>()
  const alone = past.copy(2)
  const observed = alone.startProcess(async (method, call) => {
    seen.push(method)
    for (const { pk, type } of alone.table.items()) if (pk.startsWith('TASK#')) types.add(type)
    return await call()
  })
  await collect(alone, observed)
  methods = seen
  undisturbed = await endOf(alone)
  expect([...types].sort()).toEqual(TASK_TYPES.toSorted())
  expect(undisturbed.left.filter(isLeft)).toEqual([])
  for (const digest of kept) {
    expect(undisturbed.left.filter((line) => line.includes(`${digest} # LIVE`))).toHaveLength(1)
  }
})

const dies = async (death: Death, waits: boolean): Promise<void> => {
  const world = past.copy(1_000 + death.call)
  const { around, arriveLate, died } = createMortal(death)
  await Promise.race([collect(world, world.startProcess(around)), died])
  if (waits) world.pass(3 * GRACE_MS)
  if (death.how === 'late') {
    await collect(world)
    await arriveLate()
  }
  await collect(world)
  expect(await endOf(world), `${death.how} call ${death.call}`).toEqual(undisturbed)
}

describe('a collector that dies at a call', () => {
  it.each([
    ['before', 'it reaches the store, and another goes on at once', false],
    ['before', 'it reaches the store, and another goes on later', true],
    ['after', 'it is done and before it is answered, and another goes on at once', false],
    ['after', 'it is done and before it is answered, and another goes on later', true],
    ['late', 'that was sent arrives, when another has done everything', false],
  ] as const)('leaves nothing, and writes each line once: %s %s', async (how, _when, waits) => {
    let deaths = 0
    for (const [index, method] of methods.entries()) {
      // Whoever dies at a read leaves the store as who dies before the next write.
      if (isRead(method)) continue
      await dies({ call: index + 1, how }, waits)
      deaths += 1
    }
    expect(deaths).toBeGreaterThan(300)
  })
})

describe('a collector whose bucket', () => {
  const OFTEN = 5
  it.each<readonly [string, (objects: Objects, times: () => number) => Partial<Objects>]>([
    [
      'fails',
      (objects, times) => ({
        deleteMany: async (keys) => {
          if (times() <= OFTEN) throw new PortError('unavailable', 'simulated failure')
          return await objects.deleteMany(keys)
        },
      }),
    ],
    [
      'asks to slow down when it has done what it was asked to',
      (objects, times) => ({
        deleteMany: async (keys) => {
          const left = await objects.deleteMany(keys)
          if (times() <= OFTEN) throw new PortError('throttled', 'simulated throttling')
          return left
        },
      }),
    ],
    [
      'deletes all but one',
      (objects, times) => ({
        deleteMany: async (keys) => {
          if (times() > OFTEN) return await objects.deleteMany(keys)
          return [...(await objects.deleteMany(keys.slice(1))), ...keys.slice(0, 1)]
        },
      }),
    ],
    [
      'says that it deleted what it did not',
      (objects, times) => ({
        deleteMany: async (keys) => {
          if (times() > OFTEN) return await objects.deleteMany(keys)
          return await objects.deleteMany(keys.slice(1))
        },
      }),
    ],
    [
      'does not answer what it has',
      (objects, times) => ({
        head: async (key) => {
          if (times() <= OFTEN) throw new PortError('unknown', 'simulated loss of the answer')
          return await objects.head(key)
        },
      }),
    ],
  ])('%s deletes everything in the end, and writes each line once', async (_how, change) => {
    const world = past.copy(3)
    const process = world.startProcess()
    let calls = 0
    const objects = { ...process.objects, ...change(process.objects, () => ++calls) }
    const troubles: Trouble[] = []
    await collect(world, { ...process, objects }, (trouble) => troubles.push(trouble))
    const types = new Set(troubles.map(({ type }) => type))
    expect(types).toContain('OBJECT_DELETE')
    // They ask the bucket, too.
    for (const type of ['STRAY_REVIEW', 'BLOB_REPAIR']) types.delete(type)
    expect(types.size).toBe(1)
    expect(await endOf(world)).toEqual(undisturbed)
  })
})
