/** The ports for one machine: LMDB and plain files in one directory, durable, crash-safe, one server at a time. */
import type { Clock, Deliveries, Kv, Objects, Queue } from '../ports.ts'
import { claimDirectory, prepareDirectory } from './data-directory.ts'
import { syncDirectory } from './durable.ts'
import { createKv } from './kv.ts'
import { lockDirectory } from './lock.ts'
import { createObjects } from './objects.ts'
import { createQueue } from './queue.ts'
import type { Received, Incoming } from './receive.ts'
import { createRoom } from './room.ts'
import type { Redirect } from './signed-read.ts'
import { verifySignedWrite } from './signed-write.ts'
import { openTableFile } from './table-file.ts'

export type EmbeddedOptions = {
  readonly clock: Clock
  /** Makes `signedRead` answer URLs, which the server must then serve with `verifySignedRead`. */
  readonly redirect?: Redirect
  /** Makes `signedPut` and `signedPart` answer URLs, which the server must then serve with `receive`. */
  readonly writes?: Redirect
  /** Free bytes below which objects are refused; by default 256 MiB, or a twentieth of a small disk. */
  readonly reserveBytes?: number
}

export type Embedded = {
  readonly kv: Kv
  readonly objects: Objects
  readonly queue: Queue & Deliveries
  /**
   * Takes what the holder of a signed URL puts. `forbidden`: it was not signed here, or has expired; the body was not
   * touched.
   */
  receive(url: URL, lengthBytes: number | undefined, body: Incoming): Promise<Received | Forbidden>
  /** Lets the next server in; to be called when all calls of the ports have ended. */
  close(): Promise<void>
}

export type Forbidden = { readonly outcome: 'forbidden' }

/**
 * Opens the data directory, creating it when it is missing, and clears what a crash left behind.
 * @throws DataDirectoryError when it belongs to a running server or a newer version, or cannot be written
 */
export const openEmbedded = async (
  directory: string,
  { clock, redirect, reserveBytes, writes }: EmbeddedOptions,
): Promise<Embedded> => {
  const paths = await claimDirectory(directory)
  const unlock = await lockDirectory(paths)
  try {
    await prepareDirectory(paths)
    const room = createRoom(paths.root, clock, reserveBytes)
    const { objects, receive } = await createObjects({ paths, clock, room, redirect, writes })
    const table = openTableFile(paths.table)
    await syncDirectory(paths.table)
    await syncDirectory(paths.root)
    const close = async (): Promise<void> => {
      await table.close()
      unlock()
    }
    const kv = createKv(table, clock, room)
    return {
      ...{ kv, objects, queue: createQueue(kv, clock), close },
      receive: async (url, lengthBytes, body) => {
        const write = writes && verifySignedWrite(url, writes.secret, clock.now())
        if (write === undefined) return { outcome: 'forbidden' }
        // Told beforehand, so that nothing is written for it.
        if (lengthBytes !== write.sizeBytes) return { outcome: 'wrongSize' }
        return await receive(write, body)
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}
