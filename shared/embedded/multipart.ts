/**
 * Multipart uploads. Parts are appended to one file in the order in which they begin, so in the normal case that file
 * becomes the object by a new name and no byte is copied.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { mostOf, piecesOf } from '../incoming.ts'
import { assertPartNumber } from '../limits.ts'
import type { Clock, Multipart } from '../ports.ts'
import { completeUpload } from './complete-upload.ts'
import type { DataDirectory } from './data-directory.ts'
import { writeThrough } from './durable.ts'
import { guarded } from './failures.ts'
import type { PutBytes, Received } from './receive.ts'
import type { Room } from './room.ts'
import type { Redirect } from './signed-read.ts'
import { signWrite, type SignedWrite } from './signed-write.ts'
import { createStorePart, type Writing } from './store-part.ts'
import { createJournal } from './upload-journal.ts'
import { dropFiles, newUpload, recoverUploads } from './uploads.ts'
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
    put: PutBytes,
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

  const writing: Writing = async (key, uploadId, write) =>
    await whenOpen(key, uploadId, async (upload) => {
      const written = guarded('unknown', async () => await write(upload))
      upload.writing.add(written)
      try {
        return await written
      } finally {
        upload.writing.delete(written)
      }
    })

  const storePart = createStorePart(writing)

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
      const atMostBytes = mostOf(bytes)
      await guarded('unavailable', async () => {
        await room.admit(atMostBytes)
      })
      const put: PutBytes = async (handle, offset, step) => {
        const size = await writeThrough(handle, offset, atMostBytes, piecesOf(bytes), step)
        if (size === 'tooMany') throw new RangeError('a part is longer than was said')
        return size
      }
      const stored = await storePart(key, uploadId, { number: partNumber, atMostBytes }, put)
      return typeof stored === 'string' ? undefined : stored.etag
    },

    receivePart: async ({ key, uploadId, partNumber, sizeBytes, offset }, put) => {
      const part = { number: partNumber, atMostBytes: sizeBytes, offset }
      const stored = await storePart(key, uploadId, part, put)
      if (stored === 'over') return { outcome: 'unknownUpload' }
      return stored === 'wrongSize' ? { outcome: stored } : { outcome: 'stored', etag: stored.etag }
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
