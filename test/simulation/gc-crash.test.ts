import { beforeAll, describe, expect, it } from 'vitest'
import type { LogLine } from '../../shared/gc/log.ts'
import { readLog } from '../../shared/gc/log.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff } from '../../shared/gc/work.ts'
import { createMortal, isRead, type Around, type Death } from './around.ts'
import type { CalmWorld } from './calm-world.ts'
import { createEveryTask, GRACE_MS, TASK_TYPES, TIMES } from './every-task.ts'
import { violations } from './invariants.ts'
import { createRegistry } from './registry.ts'
import { gcOf, LOG_ID } from './worker.ts'
import { garbage } from './garbage.ts'

/** The longest chain of tasks takes fewer. */
const ROUNDS = 9

type Ended = { readonly left: readonly string[]; readonly log: readonly string[] }

/** One process works off everything, as time goes by. */
const collect = async (world: CalmWorld, around?: Around): Promise<void> => {
  const gc = gcOf(createRegistry(world.startProcess(around), TIMES))
  const work = {
    isStopped: () => false,
    troubled: ({ error }: { readonly error: unknown }) => {
      throw error
    },
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    await unpark(gc, work.isStopped)
    await workOff(gc, work)
    world.pass(2 * GRACE_MS)
  }
}

const nameOf = ({ digest, oid, rid, sizeBytes, what }: LogLine): string =>
  [what, rid, digest, oid, sizeBytes].map(String).join(' ')

/** What there is when all is done: names of items and objects, lines of the log; broken invariants and garbage. */
const endOf = async (world: CalmWorld): Promise<Ended> => {
  const { context } = createRegistry(world.startProcess(), TIMES)
  const log = await Array.fromAsync(readLog(context.store, LOG_ID))
  const items = world.table.items().filter(({ pk }) => !pk.startsWith('GCLOG#'))
  return {
    left: [
      ...violations(world),
      ...garbage(world),
      ...items.map(({ pk, sk, state }) => `${pk} ${sk} ${String(state)}`),
      ...world.bucket.objects.keys(),
      ...[...world.bucket.uploads.values()].map(({ key }) => `upload of ${key}`),
    ].sort(),
    log: log.map(nameOf).sort(),
  }
}

describe('a collector that dies at any call', () => {
  let past: CalmWorld
  let methods: readonly string[]
  let undisturbed: Ended

  beforeAll(async () => {
    const { world, kept } = await createEveryTask()
    past = world
    const seen: string[] = []
    const types = new Set<unknown>()
    const alone = past.copy(2)
    await collect(alone, async (method, call) => {
      seen.push(method)
      for (const { pk, type } of alone.table.items()) if (pk.startsWith('TASK#')) types.add(type)
      return await call()
    })
    methods = seen
    expect([...types].sort()).toEqual(TASK_TYPES.toSorted())
    undisturbed = await endOf(alone)
    expect(undisturbed.left.filter((line) => /^(?:I\d|garbage|TASK|PARKED)/.test(line))).toEqual([])
    for (const digest of kept) {
      expect(undisturbed.left.filter((line) => line.includes(`${digest} # LIVE`))).toHaveLength(1)
    }
    console.log(methods.length, undisturbed.log, undisturbed.left.length)
  })

  const dies = async (death: Death, waits: boolean): Promise<void> => {
    const world = past.copy(1_000 + death.call)
    const { around, arriveLate, died } = createMortal(death)
    await Promise.race([collect(world, around), died])
    if (waits) world.pass(3 * GRACE_MS)
    if (death.how === 'late') {
      await collect(world)
      await arriveLate()
    }
    await collect(world)
    expect(await endOf(world), `${death.how} call ${death.call}`).toEqual(undisturbed)
  }

  it.each([
    ['before', 'it reaches the store, and another goes on at once', false],
    ['before', 'it reaches the store, and another goes on later', true],
    ['after', 'it is done and before it is answered, and another goes on at once', false],
    ['after', 'it is done and before it is answered, and another goes on later', true],
    ['late', 'it was sent, and it arrives when another has done everything', false],
  ] as const)('leaves no garbage and writes no line twice: %s %s', async (how, _when, waits) => {
    const began = Date.now()
    for (const [index, method] of methods.entries()) {
      if (how !== 'before' && isRead(method)) continue
      await dies({ call: index + 1, how }, waits)
    }
    console.log(how, waits, Date.now() - began)
  })
})
