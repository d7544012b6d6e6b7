/**
 * Multipart uploads. Parts are appended to one file in the order in which they begin, so in the normal case that file
 * becomes the object by a new name and no byte is copied.
 */
import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { assertPartNumber } from '../limits.ts'
import type { Multipart } from '../ports.ts'
import { completeUpload } from './complete-upload.ts'
import type { DataDirectory } from './data-directory.ts'
import { totalBytes, writeAll } from './durable.ts'
import { guarded } from './failures.ts'
import type { Room } from './room.ts'
import { appendPart, createJournal } from './upload-journal.ts'
import type { StoredPart } from './upload-journal.ts'
import { dropFiles, newUpload, recoverUploads } from './uploads.ts'
import type { Upload } from './uploads.ts'

const RANDOM_ID_BYTES = 16

type Context = {
  readonly paths: DataDirectory
  readonly room: Room
  /** The file of an object; throws for what is no key. */
  readonly fileOf: (key: string) => string
}

/** Takes up the uploads that the last server left. */
export const createMultipart = async ({ fileOf, paths, room }: Context): Promise<Multipart> => {
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
      return await whenOpen(key, uploadId, async (upload) => {
        const writing = guarded('unknown', async () => await writePart(upload, partNumber, bytes))
        upload.writing.add(writing)
        try {
          return await writing
        } finally {
          upload.writing.delete(writing)
        }
      })
    },

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
  number: number,
  bytes: readonly Uint8Array[],
): Promise<string> => {
  const sizeBytes = totalBytes(bytes)
  const etag = randomBytes(RANDOM_ID_BYTES).toString('hex')
  const part: StoredPart = { number, offset: upload.endOffset, sizeBytes, etag }
  upload.endOffset += sizeBytes
  try {
    const handle = await open(upload.partsFile, 'r+')
    try {
      await writeAll(handle, bytes, part.offset)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await appendPart(upload.journal, part)
  } catch (error) {
    // Nothing lies behind it, so the next part may take its place and the parts stay gapless.
    if (upload.endOffset === part.offset + sizeBytes) upload.endOffset = part.offset
    throw error
  }
  upload.parts.set(number, part)
  return etag
}
