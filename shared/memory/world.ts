import type { Clock, Ids, Kv, Objects } from '../ports.ts'
import { createBucket, type Bucket } from './bucket.ts'
import type { Faults, Troubled } from './faults.ts'
import { createMemoryKv } from './kv.ts'
import { createMemoryObjects, createMemorySender } from './objects.ts'
import { createRandom, randomId, type Random } from './random.ts'
import { createSteppedScheduler, type Actor, type SteppedScheduler } from './scheduler.ts'
import { createTable, type Table } from './table.ts'
import { createTransactions } from './transactions.ts'

/** The ports as one process has them. When it crashes, its calls never answer. */
export type Process = {
  readonly actor: Actor
  readonly kv: Kv
  readonly objects: Objects
  /** Sends bytes to a signed URL; answers the status. */
  readonly send: ReturnType<typeof createMemorySender>
  readonly clock: Clock
  readonly ids: Ids
}

/** A store and any number of processes that use it, with trouble; the same seed tells the same story. */
export type World = {
  readonly random: Random
  readonly scheduler: SteppedScheduler
  /** The truth, for whoever judges it. */
  readonly table: Table
  readonly bucket: Bucket
  readonly startProcess: (name: string) => Process
  /** For the processes that start from now on. */
  readonly setFaults: (faults: Faults) => void
}

export type WorldOptions = {
  readonly seed: number
  readonly faults: Faults
  readonly minPartBytes: number
}

export const createWorld = ({ seed, faults, minPartBytes }: WorldOptions): World => {
  const random = createRandom(seed)
  const scheduler = createSteppedScheduler(random)
  const table = createTable()
  const bucket = createBucket(minPartBytes)
  let troubled: Troubled = { scheduler, random, faults }
  const transactions = createTransactions(table, scheduler)
  const startProcess = (name: string): Process => {
    const actor: Actor = { name, state: 'running' }
    return {
      actor,
      kv: createMemoryKv(troubled, table, transactions, actor),
      objects: createMemoryObjects(troubled, bucket, actor),
      send: createMemorySender(troubled, bucket, actor),
      clock: {
        now: scheduler.now,
        sleep: async (milliseconds) => {
          await scheduler.sleep(actor, milliseconds)
        },
      },
      ids: { next: () => randomId(random), nextBeside: () => randomId(random) },
    }
  }
  const setFaults = (others: Faults): void => {
    troubled = { scheduler, random, faults: others }
  }
  return { random, scheduler, table, bucket, startProcess, setFaults }
}
