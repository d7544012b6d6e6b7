import { MIN_PART_BYTES, type Kv, type Objects } from '../ports.ts'
import { createBucket } from './bucket.ts'
import { NO_FAULTS } from './faults.ts'
import { createMemoryKv } from './kv.ts'
import { createMemoryObjects, createMemorySender } from './objects.ts'
import { createMemoryQueue, type MemoryQueue } from './queue.ts'
import { createRandom } from './random.ts'
import { calmScheduler, type Actor } from './scheduler.ts'
import { createTable } from './table.ts'
import { createTransactions } from './transactions.ts'

/**
 * The ports in memory, without trouble: for tests of what stands on them. A smaller least part than S3's lets a test take
 * every path of an upload with a few bytes.
 */
export const openMemory = (
  minPartBytes = MIN_PART_BYTES,
): {
  readonly kv: Kv
  readonly objects: Objects
  readonly queue: MemoryQueue
  /** Sends bytes to a signed URL; answers the status. */
  readonly send: (method: string, url: string, bytes: Uint8Array) => Promise<number>
} => {
  const world = { scheduler: calmScheduler, random: createRandom(1), faults: NO_FAULTS }
  const actor: Actor = { name: 'test', state: 'running' }
  const table = createTable()
  const bucket = createBucket(minPartBytes)
  return {
    send: createMemorySender(world, bucket, actor),
    kv: createMemoryKv(world, table, createTransactions(table, calmScheduler), actor),
    objects: createMemoryObjects(world, bucket, actor),
    queue: createMemoryQueue(calmScheduler),
  }
}
