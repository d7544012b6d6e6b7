import { statfs } from 'node:fs/promises'
import { PortError } from '../ports.ts'
import type { Clock } from '../ports.ts'

/** Kept free for the table: without room LMDB cannot even record a delete. */
const RESERVE_BYTES = 256 * 1024 * 1024
/** On a small disk the reserve is a twentieth of it. */
const RESERVE_SHARE = 20
/** How old a measurement may be; in between only the bytes admitted here are counted. */
const MEASURED_FOR_MS = 1_000

/** With less than this, a failed commit has failed for lack of room, whatever LMDB says. */
const SCARCE_BYTES = 16 * 1024 * 1024

export type Room = ReturnType<typeof createRoom>

/**
 * Watches over the free space of a disk. Objects are refused before the disk is full, so that the table, which is
 * never refused, can still commit.
 */
export const createRoom = (directory: string, clock: Clock, reserveBytes?: number) => {
  let available = 0
  let reserve = 0
  let measuredAt = -Infinity

  const measure = async (): Promise<void> => {
    const { bavail, blocks, bsize } = await statfs(directory)
    available = bavail * bsize
    reserve = reserveBytes ?? Math.min(RESERVE_BYTES, (blocks * bsize) / RESERVE_SHARE)
    measuredAt = clock.now()
  }

  return {
    /** Resolves when that many bytes may be written to an object; throws a `PortError` of kind `full` otherwise. */
    admit: async (bytes: number): Promise<void> => {
      const isOld = clock.now() - measuredAt > MEASURED_FOR_MS
      if (isOld || available - bytes < reserve) await measure()
      if (available - bytes < reserve) throw new PortError('full', 'the disk is nearly full')
      available -= bytes
    },

    /** Whether the disk has next to nothing left for anybody. */
    isExhausted: async (): Promise<boolean> => {
      await measure()
      return available < SCARCE_BYTES
    },
  }
}
