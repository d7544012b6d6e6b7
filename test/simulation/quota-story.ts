import { NO_FAULTS, type Faults } from '../../shared/memory/faults.ts'
import { createWorld, type Process, type World } from '../../shared/memory/world.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import { PortError, type Item, type TransactOperation } from '../../shared/ports.ts'
import { createCharge } from '../../shared/quota/charge.ts'
import { newQuota } from '../../shared/quota/items.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { isOfQuota, take } from '../../shared/quota/plan.ts'
import { refund } from '../../shared/quota/refund.ts'
import { rememberSpread, spreadQuota } from '../../shared/quota/spread.ts'
import type { Store } from '../../shared/store/store.ts'
import { transact, transactNamed } from '../../shared/store/transact.ts'
import { key, type ProjectId } from '../../shared/table.ts'
import { brokenQuota } from './invariants.ts'

export const PROJECT = 'p' as ProjectId

/** What a process may do, the more often the oftener it is named. */
export type Action = 'push' | 'pushAtFirst' | 'remove' | 'limit' | 'spread'

export type QuotaStory = {
  readonly seed: number
  readonly steps: number
  readonly limit: number
  readonly processes: number
  readonly actions: readonly Action[]
  readonly sizes: readonly number[]
  readonly faults?: Faults
  /** Changes the ports of every process, to see whether the story notices. */
  readonly mutate?: (process: Process) => Process
}

export type QuotaTold = {
  readonly broken: string | undefined
  readonly done: ReadonlyMap<Action | 'refused', number>
  readonly stored: number
  readonly shards: number
}

const partsOf = (world: World): Item[] =>
  world.table.items().filter(({ pk }) => pk === key.quota(PROJECT).pk)
const linksOf = (world: World): Item[] =>
  world.table.items().filter(({ pk }) => pk.startsWith('BLOB#'))
const storedIn = (world: World): number =>
  linksOf(world).reduce((sum, { size }) => sum + Number(size), 0)

/** Lets processes push into one project, remove from it, and change its limit, all at once. */
export const tellOfQuota = async (story: QuotaStory): Promise<QuotaTold> => {
  const world = createWorld({
    seed: story.seed,
    faults: story.faults ?? NO_FAULTS,
    minPartBytes: 1,
  })
  world.table.set(key.quota(PROJECT), newQuota(PROJECT, story.limit).item)
  const done = new Map<Action | 'refused', number>()
  const fallen: string[] = []
  const note = (what: Action | 'refused'): void => {
    done.set(what, (done.get(what) ?? 0) + 1)
  }

  /** The least room that there was since an attempt began; links and limits change first in their transactions. */
  const watched = new Set<{ room: number }>()
  const room = (): number =>
    Number(world.table.get(key.quota(PROJECT))?.['limit']) - storedIn(world)

  const live = async ({ clock, ids, kv }: Process): Promise<void> => {
    const store = { clock, ids, kv }
    for (;;) {
      await clock.sleep(world.random.below(50))
      const action = world.random.pick(story.actions) ?? 'push'
      const least = { room: room() }
      watched.add(least)
      try {
        await act(world, store, action, story)
        note(action)
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'DENIED') {
          note('refused')
          if (Number(error.detail?.['requiredBytes']) <= least.room) {
            fallen.push(`refused ${error.message}, and yet there never was less than ${least.room}`)
          }
        } else if (!(error instanceof PortError)) throw error
      } finally {
        watched.delete(least)
      }
    }
  }
  for (let number = 0; number < story.processes; number += 1) {
    const process = world.startProcess(`process ${number}`)
    live(story.mutate?.(process) ?? process).catch((error: unknown) => {
      fallen.push(String(error))
    })
  }

  let broken: string | undefined
  for (let step = 1; step <= story.steps && broken === undefined; step += 1) {
    if (!(await world.scheduler.step())) break
    const now = room()
    for (const least of watched) least.room = Math.min(least.room, now)
    const isQuiet = world.table.locks.size === 0
    const found = [...fallen, ...(isQuiet ? brokenQuota(partsOf(world), storedIn(world)) : [])]
    if (found[0] !== undefined) broken = `step ${step}: ${found[0]}`
  }
  return { broken, done, stored: storedIn(world), shards: partsOf(world).length - 1 }
}

const act = async (
  world: World,
  store: Store,
  action: Action,
  { limit, sizes }: QuotaStory,
): Promise<void> => {
  switch (action) {
    case 'push':
      await push(store, world.random.pick(sizes) ?? 1)
      return
    case 'pushAtFirst':
      await transact(store, [newLink(store, 1), ...Object.values(take(PROJECT, 0, 1))])
      return
    case 'remove':
      await remove(store, world.random.pick(linksOf(world)))
      return
    case 'limit':
      await setStorageLimit(store, PROJECT, 1 + world.random.below(2 * limit))
      return
    case 'spread':
      await spreadQuota(store, PROJECT)
      rememberSpread(store, PROJECT)
      return
    default:
      action satisfies never
  }
}

const newLink = (store: Store, size: number): TransactOperation => ({
  op: 'put',
  item: { pk: `BLOB#${store.ids.next()}`, sk: `PROJECT#${PROJECT}#`, size },
  conditions: [{ kind: 'absent' }],
})

const push = async (store: Store, size: number): Promise<void> => {
  const link = newLink(store, size)
  const charge = createCharge(store, PROJECT, size)
  for (;;) {
    const outcome = await transactNamed(store, { link, ...charge.writes() }, isOfQuota)
    if (outcome.done) return
    await charge.again(outcome.refused.size === 0 ? 'contended' : 'refused')
  }
}

const remove = async (store: Store, link: Item | undefined): Promise<void> => {
  if (link === undefined) return
  const { pk, sk, size } = link
  await transact(store, [
    { op: 'delete', key: { pk, sk }, conditions: [{ kind: 'exists' }] },
    refund(store, PROJECT, Number(size)),
  ])
}
