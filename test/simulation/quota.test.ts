import { describe, expect, it } from 'vitest'
import { NO_FAULTS, ROUGH } from '../../shared/memory/faults.ts'
import type { Process } from '../../shared/memory/world.ts'
import type { TransactOperation, TransactOutcome } from '../../shared/ports.ts'
import { UNLIMITED_BYTES } from '../../shared/quota/items.ts'
import { tellOfQuota, type Action, type QuotaStory } from './quota-story.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 60)
const SIZE = 7
const EVERYTHING: readonly Action[] = [
  ...(['push', 'push', 'push', 'push', 'remove', 'remove', 'limit', 'spread'] as const),
]

describe('a project that many push into at once', () => {
  it('is used to the last byte that fits and not beyond, and nothing that fits is refused', async () => {
    let spread = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const fitting = 40 + (seed % 50)
      const actions: readonly Action[] = seed % 2 === 0 ? ['push'] : ['push', 'push', 'spread']
      const { broken, done, shards, stored } = await tellOfQuota({
        ...{ seed, actions, sizes: [SIZE], processes: 12, steps: 6_000 },
        limit: fitting * SIZE + (seed % SIZE),
        faults: seed % 3 === 0 ? ROUGH : NO_FAULTS,
      })
      expect(broken, `seed ${seed}`).toBeUndefined()
      expect(stored, `seed ${seed}`).toBe(fitting * SIZE)
      expect(done.get('refused') ?? 0, `seed ${seed}`).toBeGreaterThan(0)
      if (actions.length === 1 && shards > 0) spread += 1
    }
    // Nobody told these to spread: they did it because they met each other.
    expect(spread).toBeGreaterThan(0)
  })

  it('stays exact while links go, limits change and writes fail, whoever knows that it is spread', async () => {
    const done = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const told = await tellOfQuota({
        ...{ seed, limit: 300, sizes: [1, 3, 20, 90], processes: 8, steps: 4_000 },
        actions: EVERYTHING,
        faults: ROUGH,
      })
      expect(told.broken, `seed ${seed}`).toBeUndefined()
      for (const [what, times] of told.done) done.set(what, (done.get(what) ?? 0) + times)
    }
    for (const what of ['push', 'remove', 'limit', 'spread', 'refused']) {
      expect(done.get(what) ?? 0, what).toBeGreaterThan(SEEDS)
    }
  })

  it('makes them wait for one another far less once it is spread', async () => {
    const conflictsPerPush = async (action: Action): Promise<number> => {
      let conflicts = 0
      const mutate = (process: Process): Process => ({
        ...process,
        kv: {
          ...process.kv,
          transact: async (operations, token) => {
            const outcome = await process.kv.transact(operations, token)
            if (!outcome.done && outcome.reasons.includes('conflict')) conflicts += 1
            return outcome
          },
        },
      })
      const story = { seed: 1, steps: 6_000, processes: 24, sizes: [1], limit: UNLIMITED_BYTES }
      const { broken, done } = await tellOfQuota({ ...story, actions: [action], mutate })
      expect(broken).toBeUndefined()
      return conflicts / (done.get(action) ?? 0)
    }
    const [atFirst, spread] = [
      await conflictsPerPush('pushAtFirst'),
      await conflictsPerPush('push'),
    ]
    expect(atFirst).toBeGreaterThan(4 * spread)
  })
})

/** Changes every transaction of a process; `undefined`: it is done, they say, without asking. */
const changed =
  (
    change: (operations: readonly TransactOperation[]) => readonly TransactOperation[] | undefined,
  ) =>
  (process: Process): Process => ({
    ...process,
    kv: {
      ...process.kv,
      transact: async (operations, token): Promise<TransactOutcome> => {
        const others = change(operations)
        return others === undefined ? { done: true } : await process.kv.transact(others, token)
      },
    },
  })

const eachUpdate = (
  change: (update: TransactOperation & { op: 'update' }) => TransactOperation,
): ((process: Process) => Process) =>
  changed((operations) => operations.map((one) => (one.op === 'update' ? change(one) : one)))

const MUTANTS: Readonly<Record<string, (process: Process) => Process>> = {
  'a refusal is believed without a proof': changed((operations) =>
    operations.every(({ op }) => op === 'check') ? undefined : operations,
  ),
  'a lower limit takes back the shares that it saw, not those that there are': eachUpdate(
    (update) => (update.set?.['available'] === 0 ? { ...update, conditions: [] } : update),
  ),
  'what is given back to a shard can be spent at once': eachUpdate((update) => {
    const { returned, ...add } = update.add ?? {}
    return returned !== undefined && returned > 0
      ? { ...update, add: { ...add, available: returned } }
      : update
  }),
  'a share is given whatever there is left to share': eachUpdate((update) =>
    update.key.sk === '#' ? { ...update, conditions: [{ kind: 'exists' }] } : update,
  ),
}

const TORN = { ...NO_FAULTS, torn: 0.5 }

describe('without a rule of the protocol', () => {
  it.each(Object.entries(MUTANTS))('the stories go wrong: %s', async (_, mutate) => {
    let isCaught = false
    for (let seed = 1; seed <= 100 && !isCaught; seed += 1) {
      const stories: readonly QuotaStory[] = [
        {
          ...{ seed, mutate, faults: TORN, sizes: [1, 2, 9], processes: 12, steps: 3_000 },
          ...{ limit: 100, actions: ['push', 'push', 'spread'] },
        },
        {
          ...{ seed, mutate, faults: TORN, sizes: [1, 3, 20, 90], processes: 8, steps: 4_000 },
          ...{ limit: 300, actions: EVERYTHING },
        },
      ]
      for (const story of stories) isCaught ||= (await tellOfQuota(story)).broken !== undefined
    }
    expect(isCaught).toBe(true)
  })
})
