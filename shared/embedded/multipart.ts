/**
 * Multipart uploads. Parts are appended to one file in the order in which they begin, so in the normal case that file
 * becomes the object by a new name and no byte is copied.
 */
import { randomBytes } from 'node:crypto'
import { open, writeFile, type FileHandle } from 'node:fs/promises'
import { assertPartNumber } from '../limits.ts'
import type { Clock, Multipart } from '../ports.ts'
import { completeUpload } from './complete-upload.ts'
import type { DataDirectory } from './data-directory.ts'
import { totalBytes, writeAll } from './durable.ts'
import { guarded } from './failures.ts'
import type { Received } from './receive.ts'
import type { Room } from './room.ts'
import type { Redirect } from './signed-read.ts'
import { signWrite, type SignedWrite } from './signed-write.ts'
import { appendPart, createJournal } from './upload-journal.ts'
import type { StoredPart } from './upload-journal.ts'
import { dropFiles, newUpload, recoverUploads, takePlace } from './uploads.ts'
import type { Upload } from './uploads.ts'

const RANDOM_ID_BYTES = 16
const PARTS_PER_PAGE = 1_000

type Context = {
  readonly clock: Clock
  /** Where signed writes lead; nothing can be signed without. */
  readonly writes: Redirect | undefined
  readonly paths: DataDirectory
  readonly room: Room
  /** The file of an object; throws for what is no key. */
  readonly fileOf: (key: string) => string
}

type EmbeddedMultipart = Multipart & {
  /** Adds a part that `put` writes; it is durable when the answer is `stored`. */
  readonly receivePart: (
    write: Extract<SignedWrite, { readonly uploadId: string }>,
    put: (handle: FileHandle, offset: number) => Promise<'stored' | 'wrongSize'>,
  ) => Promise<Received>
}

/** Takes up the uploads that the last server left. */
export const createMultipart = async ({
  clock,
  fileOf,
  paths,
  room,
  writes,
}: Context): Promise<EmbeddedMultipart> => {
  const uploads = await recoverUploads(paths.uploads)

  /** Runs `use` once nobody is ending the upload; no other call comes between the look and the run. */
  const whenOpen = async <T>(
    key: string,
    uploadId: string,
    use: (upload: Upload) => Promise<T>,
  ): Promise<T | undefined> => {
    for (;;) {
      const upload = uploads.get(uploadId)
      if (upload?.key !== key) return undefined
      if (upload.ending === undefined) return await use(upload)
      await upload.ending
    }
  }

  /** Runs `end` when no part is being written any more, and keeps new ones waiting until it is over. */
  const ending = async <T>(upload: Upload, end: () => Promise<T>): Promise<T> => {
    const run = Promise.allSettled(upload.writing).then(end)
    upload.ending = Promise.allSettled([run])
    try {
      return await run
    } finally {
      upload.ending = undefined
    }
  }

  /** Runs `write` so that nobody ends the upload before it is over. */
  const writing = async <T>(
    key: string,
    uploadId: string,
    write: (upload: Upload) => Promise<T>,
  ): Promise<T | undefined> =>
    await whenOpen(key, uploadId, async (upload) => {
      const written = guarded('unknown', async () => await write(upload))
      upload.writing.add(written)
      try {
        return await written
      } finally {
        upload.writing.delete(written)
      }
    })

  return {
    start: async (key) => {
      fileOf(key)
      const uploadId = randomBytes(RANDOM_ID_BYTES).toString('hex')
      const upload = newUpload(paths.uploads, uploadId, key)
      await guarded('unknown', async () => {
        // Empty, so there is nothing to flush but its name, and the journal's directory is flushed.
        await writeFile(upload.partsFile, '', { mode: 0o600 })
        await createJournal(paths.uploads, upload.journal, key)
      })
      uploads.set(uploadId, upload)
      return uploadId
    },

    putPart: async (key, uploadId, partNumber, bytes) => {
      assertPartNumber(partNumber)
      await guarded('unavailable', async () => {
        await room.admit(totalBytes(bytes))
      })
      return await writing(key, uploadId, async (upload) => {
        const sizeBytes = totalBytes(bytes)
        const put = async (handle: FileHandle, offset: number): Promise<'stored'> => {
          await writeAll(handle, bytes, offset)
          return 'stored'
        }
        const written = await writePart(upload, { number: partNumber, sizeBytes }, put)
        return written === 'wrongSize' ? undefined : written.etag
      })
    },

    receivePart: async ({ key, uploadId, partNumber, sizeBytes, offset }, put) => {
      const received = await writing(key, uploadId, async (upload): Promise<Received> => {
        const part = { number: partNumber, sizeBytes, offset }
        const written = await writePart(upload, part, put)
        return written === 'wrongSize'
          ? { outcome: written }
          : { outcome: 'stored', etag: written.etag }
      })
      return received ?? { outcome: 'unknownUpload' }
    },

    signedPart: async (key, uploadId, partNumber, { expiresInSeconds, sizeBytes, offset }) => {
      assertPartNumber(partNumber)
      const write = { key, uploadId, partNumber, sizeBytes, offset }
      return await Promise.resolve(writes && signWrite(writes, write, expiresInSeconds, clock))
    },

    parts: async (key, uploadId, after = 0) =>
      await whenOpen(key, uploadId, async ({ parts }) => {
        const behind = [...parts.values()]
          .filter(({ number }) => number > after)
          .sort((a, b) => a.number - b.number)
        const page = behind
          .slice(0, PARTS_PER_PAGE)
          .map(({ number, etag, sizeBytes }) => ({ number, etag, sizeBytes }))
        const last = page.at(-1)
        const hasMore = behind.length > page.length && last !== undefined
        return await Promise.resolve(hasMore ? { parts: page, next: last.number } : { parts: page })
      }),

    complete: async (key, uploadId, parts, { ifAbsent }) => {
      const target = fileOf(key)
      const completed = await whenOpen(
        key,
        uploadId,
        async (upload) =>
          await ending(upload, async () => {
            const outcome = await guarded(
              'unknown',
              async () => await completeUpload({ upload, parts, target, ifAbsent, paths, room }),
            )
            if (outcome === 'created') uploads.delete(uploadId)
            return outcome
          }),
      )
      return completed ?? 'unknownUpload'
    },

    abort: async (key) => {
      for (const uploadId of [...uploads.keys()]) {
        await whenOpen(key, uploadId, async (upload) => {
          await ending(upload, async () => {
            uploads.delete(uploadId)
            await guarded('unknown', async () => {
              await dropFiles(upload)
            })
          })
        })
      }
    },
  }
}

/** The bytes are durable before the journal names them, so whatever the journal names can be read. */
const writePart = async (
  upload: Upload,
  wanted: { readonly number: number; readonly sizeBytes: number; readonly offset?: number },
  put: (handle: FileHandle, offset: number) => Promise<'stored' | 'wrongSize'>,
): Promise<StoredPart | 'wrongSize'> => {
  const { number, sizeBytes } = wanted
  const place = takePlace(upload, sizeBytes, wanted.offset)
  const etag = randomBytes(RANDOM_ID_BYTES).toString('hex')
  const part: StoredPart = { number, offset: place.offset, sizeBytes, etag }
  try {
    const handle = await open(upload.partsFile, 'r+')
    try {
      if ((await put(handle, part.offset)) === 'wrongSize') {
        upload.placed.delete(place)
        return 'wrongSize'
      }
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await appendPart(upload.journal, part)
  } catch (error) {
    // Another part may take the place: whatever was written there has no name.
    upload.placed.delete(place)
    throw error
  }
  upload.parts.set(number, part)
  return part
}
