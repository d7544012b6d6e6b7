import type { Gc } from '../../shared/gc/gc.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff, workOffShard } from '../../shared/gc/work.ts'
import { NO_FAULTS } from '../../shared/memory/faults.ts'
import type { World } from '../../shared/memory/world.ts'
import { PortError } from '../../shared/ports.ts'
import type { Story } from './clients.ts'
import { createRegistry, type Registry } from './registry.ts'

const DAY_MS = 24 * 3_600_000

export const LOGGED_RUN = 1

export const gcOf = (
  { context }: Registry,
  deleted: Gc['deleted'] = () => undefined,
  deleteUntagged = true,
): Gc => ({
  context,
  policyOf: () => ({ deleteUntagged, untaggedGrace: 0 }),
  run: () => Promise.resolve(LOGGED_RUN),
  deleted,
})

const HOPEFUL = { isStopped: () => false, troubled: () => undefined } as const

/** Works off tasks as they come due, one shard or another, until its process is gone. */
export const runWorker = async (
  { deletesUntagged, done, world }: Story,
  registry: Registry,
): Promise<void> => {
  const { random, scheduler } = world
  const gc = gcOf(
    registry,
    ({ kind }) => done.set(kind, (done.get(kind) ?? 0) + 1),
    deletesUntagged,
  )
  for (;;) {
    await registry.process.clock.sleep(random.below(500))
    try {
      // Where there is something to do: a story is too short to look in vain.
      const due = world.table
        .items()
        .filter(({ dueAt, pk }) => pk.startsWith('TASK#') && Number(dueAt) <= scheduler.now())
      const shard = random.pick(due)?.pk
      if (shard !== undefined) await workOffShard(gc, shard, HOPEFUL)
    } catch (error) {
      if (!(error instanceof PortError)) throw error
    }
  }
}

/** A process without trouble works off everything, however long things are to be left alone. Answers what it could not. */
export const workEverythingOff = async (world: World): Promise<string[]> => {
  world.setFaults(NO_FAULTS)
  const registry = createRegistry(world.startProcess('the last one'))
  const troubles: string[] = []
  const state = { isDone: false }
  const life = async (): Promise<void> => {
    const gc = gcOf(registry)
    const work = {
      isStopped: () => false,
      troubled: ({ error, type }: { readonly error: unknown; readonly type: string }) => {
        troubles.push(`${type}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
      },
    }
    for (let day = 0; day < 20; day += 1) {
      await unpark(gc, work.isStopped)
      await workOff(gc, work)
      world.scheduler.advance(DAY_MS)
    }
  }
  void life()
    .catch((error: unknown) => troubles.push(String(error)))
    .finally(() => {
      state.isDone = true
    })
  for (let step = 0; step < 200_000 && !state.isDone; step += 1) {
    if (!(await world.scheduler.step())) break
  }
  if (!state.isDone) troubles.push('there is no end to it')
  return troubles
}
