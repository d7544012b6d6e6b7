import { createBucket, type Bucket } from '../../shared/memory/bucket.ts'
import { NO_FAULTS } from '../../shared/memory/faults.ts'
import { createMemoryKv } from '../../shared/memory/kv.ts'
import { createMemoryObjects, createMemorySender } from '../../shared/memory/objects.ts'
import { createRandom, randomId } from '../../shared/memory/random.ts'
import type { Actor, Scheduler } from '../../shared/memory/scheduler.ts'
import { createTable, type Table } from '../../shared/memory/table.ts'
import { createTransactions } from '../../shared/memory/transactions.ts'
import type { Process } from '../../shared/memory/world.ts'
import { surround, type Around } from '../support/around.ts'
import { MIN_PART_BYTES } from './registry.ts'

/** A store without trouble in which time stands still unless it is told to pass. */
export type CalmWorld = {
  readonly table: Table
  readonly bucket: Bucket
  readonly pass: (milliseconds: number) => void
  readonly startProcess: (around?: Around) => Process
  /** Another world with the same past; what happens in it later is its own. Its ids are those of its seed. */
  readonly copy: (seed: number) => CalmWorld
}

export const createCalmWorld = (seed: number, start = Date.UTC(2026, 0, 1)): CalmWorld => {
  const random = createRandom(seed)
  const table = createTable()
  const bucket = createBucket(MIN_PART_BYTES)
  let now = start
  const scheduler: Scheduler = {
    turn: async () => {
      await Promise.resolve()
    },
    sleep: async () => {
      await Promise.resolve()
    },
    now: () => now,
  }
  const world = { scheduler, random, faults: NO_FAULTS }
  const transactions = createTransactions(table, scheduler)
  const actor: Actor = { name: 'process', state: 'running' }
  const startProcess = (around?: Around): Process => {
    const ports = {
      kv: createMemoryKv(world, table, transactions, actor),
      objects: createMemoryObjects(world, bucket, actor),
    }
    return {
      ...(around === undefined ? ports : surround(ports, around)),
      actor,
      send: createMemorySender(world, bucket, actor),
      clock: {
        now: scheduler.now,
        sleep: async () => {
          await Promise.resolve()
        },
      },
      ids: { next: () => randomId(random), nextBeside: () => randomId(random) },
    }
  }
  const copy = (ofSeed: number): CalmWorld => {
    const other = createCalmWorld(ofSeed, now)
    for (const item of table.items()) other.table.set(item, item)
    for (const [name, bytes] of bucket.objects) other.bucket.objects.set(name, bytes)
    for (const [id, upload] of bucket.uploads) {
      other.bucket.uploads.set(id, { ...upload, parts: new Map(upload.parts) })
    }
    return other
  }
  const pass = (milliseconds: number): void => {
    now += milliseconds
  }
  return { table, bucket, pass, startProcess, copy }
}
