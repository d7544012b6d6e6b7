/** Takes in what the holders of signed URLs put. */
import { createHash, randomUUID } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataDirectory } from './data-directory.ts'
import { writeThrough, type Step } from './durable.ts'
import { guarded } from './failures.ts'
import { publish } from './publish.ts'
import type { Room } from './room.ts'
import type { SignedWrite } from './signed-write.ts'

/** Pieces may be looked at until the next batch is asked for. */
export type Incoming = AsyncIterable<readonly Uint8Array[]>

/**
 * What became of it; nothing was stored unless the answer is `stored`. `exists`: the key is taken. `wrongSize` and
 * `wrongBytes`: not what was signed. `unknownUpload`: the upload is over.
 */
export type Received =
  | { readonly outcome: 'stored'; readonly etag: string }
  | { readonly outcome: 'exists' | 'wrongSize' | 'wrongBytes' | 'unknownUpload' }

export type Receive = (write: SignedWrite, body: Incoming) => Promise<Received>

/** Puts bytes behind an offset of a file, and answers how many; they are durable then. */
export type PutBytes = (
  handle: FileHandle,
  offset: number,
  step: Step,
) => Promise<number | 'wrongSize' | 'over'>

type PutPart = (
  write: Extract<SignedWrite, { readonly uploadId: string }>,
  put: PutBytes,
) => Promise<Received>

type Context = {
  readonly paths: DataDirectory
  readonly room: Room
  readonly fileOf: (key: string) => string
  readonly putPart: PutPart
  /** Told of every object whose bytes were compared with their checksum. */
  readonly verified: (key: string, sha256: string) => void
}

/** Bodies stream to the disk; a connection that breaks leaves nothing. */
export const createReceive =
  ({ fileOf, paths, putPart, room, verified }: Context): Receive =>
  async (write, body) => {
    await guarded('unavailable', async () => {
      await room.admit(write.sizeBytes)
    })
    if (!('sha256' in write)) {
      return await putPart(
        write,
        async (handle, offset, step) =>
          await writeFrom(handle, offset, write.sizeBytes, body, step),
      )
    }
    const target = fileOf(write.key)
    const incoming = join(paths.incoming, randomUUID())
    const hash = createHash('sha256')
    const hashed = async function* (): AsyncGenerator<readonly Uint8Array[]> {
      for await (const pieces of body) {
        for (const piece of pieces) hash.update(piece)
        yield pieces
      }
    }
    try {
      const handle = await guarded('unavailable', async () => await open(incoming, 'w', 0o600))
      try {
        const written = await writeFrom(handle, 0, write.sizeBytes, hashed(), always)
        if (written !== write.sizeBytes) return { outcome: 'wrongSize' }
        if (hash.digest('hex') !== write.sha256) return { outcome: 'wrongBytes' }
      } finally {
        await handle.close()
      }
      const published = await guarded('unknown', async () => await publish(incoming, target, true))
      if (published === 'exists') return { outcome: 'exists' }
      verified(write.key, write.sha256)
      return { outcome: 'stored', etag: write.sha256 }
    } finally {
      await rm(incoming, { force: true })
    }
  }

const always: Step = async (run) => await run()

/**
 * Writes a body that must have a size, and not a byte beyond it; durable when it is stored. A connection that breaks is
 * no failure of the disk.
 */
const writeFrom = async (
  handle: FileHandle,
  offset: number,
  sizeBytes: number,
  body: Incoming,
  step: Step,
): Promise<number | 'wrongSize' | 'over'> => {
  const broken: unknown[] = []
  const observed = async function* (): AsyncGenerator<readonly Uint8Array[]> {
    try {
      yield* body
    } catch (error) {
      broken.push(error)
      throw error
    }
  }
  try {
    const written = await guarded(
      'unknown',
      async () => await writeThrough(handle, offset, sizeBytes, observed(), step),
    )
    return written === sizeBytes || written === 'over' ? written : 'wrongSize'
  } catch (error) {
    throw broken[0] ?? error
  }
}
