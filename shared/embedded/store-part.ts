import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Step } from './durable.ts'
import { guarded } from './failures.ts'
import type { PutBytes } from './receive.ts'
import { appendPart, type StoredPart } from './upload-journal.ts'
import { takePlace, type Upload } from './uploads.ts'

const ETAG_BYTES = 16

/** Runs `write` so that nobody ends the upload before it is over; `undefined`: the upload is over. */
export type Writing = <T>(
  key: string,
  uploadId: string,
  write: (upload: Upload) => Promise<T>,
) => Promise<T | undefined>

type Wanted = {
  readonly number: number
  readonly atMostBytes: number
  /** In the file of parts, if it is free. */
  readonly offset?: number
}

/**
 * Adds a part to an upload. The bytes are durable before the journal names them, so whatever the journal names can be
 * read. They may come slowly: whoever ends the upload waits for one write, and then no other begins.
 */
export const createStorePart =
  (writing: Writing) =>
  async (
    key: string,
    uploadId: string,
    wanted: Wanted,
    put: PutBytes,
  ): Promise<StoredPart | 'wrongSize' | 'over'> => {
    const begun = await writing(key, uploadId, async (upload) => ({
      upload,
      handle: await open(upload.partsFile, 'r+'),
      place: takePlace(upload, wanted.atMostBytes, wanted.offset),
    }))
    if (begun === undefined) return 'over'
    const { handle, place, upload } = begun
    const { offset } = place
    const step: Step = async (run) => await writing(key, uploadId, run)
    let isStored = false
    try {
      const sizeBytes = await guarded('unknown', async () => await put(handle, offset, step))
      if (typeof sizeBytes === 'string') return sizeBytes
      const etag = randomBytes(ETAG_BYTES).toString('hex')
      const part: StoredPart = { number: wanted.number, offset, sizeBytes, etag }
      const named = await step(async () => {
        await appendPart(upload.journal, part)
        place.end = offset + sizeBytes
        upload.parts.set(part.number, part)
        return part
      })
      isStored = named !== undefined
      return named ?? 'over'
    } finally {
      // Another part may take the place: whatever was written there has no name.
      if (!isStored) upload.placed.delete(place)
      await handle.close()
    }
  }
