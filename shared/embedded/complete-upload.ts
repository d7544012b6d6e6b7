import { randomUUID } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { MIN_PART_BYTES } from '../ports.ts'
import type { Multipart, Part } from '../ports.ts'
import type { DataDirectory } from './data-directory.ts'
import { writeAll } from './durable.ts'
import { publish } from './publish.ts'
import type { Room } from './room.ts'
import type { StoredPart } from './upload-journal.ts'
import { dropFiles } from './uploads.ts'
import type { Upload } from './uploads.ts'

const COPY_BYTES = 4 * 1024 * 1024

type Completion = {
  readonly upload: Upload
  readonly parts: readonly Part[]
  readonly target: string
  readonly ifAbsent: boolean
  readonly paths: DataDirectory
  readonly room: Room
}

/** Makes the object, with S3's checks in S3's order; the upload is as before unless the answer is `created`. */
export const completeUpload = async (
  completion: Completion,
): Promise<Awaited<ReturnType<Multipart['complete']>>> => {
  const { ifAbsent, parts, target, upload } = completion
  const named = storedParts(upload, parts)
  if (named === undefined) return 'invalidPart'
  if (named.slice(0, -1).some(({ sizeBytes }) => sizeBytes < MIN_PART_BYTES)) return 'partTooSmall'
  if (!(await isWholeFile(upload, named))) return await copyParts(completion, named)
  const outcome = await publish(upload.partsFile, target, ifAbsent)
  if (outcome === 'created') await dropFiles(upload)
  return outcome
}

const storedParts = (upload: Upload, parts: readonly Part[]): readonly StoredPart[] | undefined => {
  const named: StoredPart[] = []
  for (const { etag, number } of parts) {
    const stored = upload.parts.get(number)
    if (stored?.etag !== etag || number <= (named.at(-1)?.number ?? 0)) return undefined
    named.push(stored)
  }
  return named.length === 0 ? undefined : named
}

/** Whether the parts follow one another in the file, and nothing else is in it. */
const isWholeFile = async (upload: Upload, named: readonly StoredPart[]): Promise<boolean> => {
  let end = 0
  for (const { offset, sizeBytes } of named) {
    if (offset !== end) return false
    end += sizeBytes
  }
  return (await stat(upload.partsFile)).size === end
}

const copyParts = async (
  { ifAbsent, paths, room, target, upload }: Completion,
  named: readonly StoredPart[],
): Promise<'created' | 'exists'> => {
  await room.admit(named.reduce((total, { sizeBytes }) => total + sizeBytes, 0))
  const incoming = join(paths.incoming, randomUUID())
  try {
    const from = await open(upload.partsFile, 'r')
    try {
      await copyInto(incoming, from, named)
    } finally {
      await from.close()
    }
    const outcome = await publish(incoming, target, ifAbsent)
    if (outcome === 'created') await dropFiles(upload)
    return outcome
  } finally {
    await rm(incoming, { force: true })
  }
}

const copyInto = async (
  path: string,
  from: FileHandle,
  named: readonly StoredPart[],
): Promise<void> => {
  const to = await open(path, 'w', 0o600)
  const buffer = Buffer.allocUnsafeSlow(COPY_BYTES)
  try {
    let written = 0
    for (const { offset, sizeBytes } of named) {
      for (let at = 0; at < sizeBytes;) {
        const length = Math.min(COPY_BYTES, sizeBytes - at)
        const { bytesRead } = await from.read(buffer, 0, length, offset + at)
        if (bytesRead === 0) throw new Error('the file of parts ended early')
        await writeAll(to, [buffer.subarray(0, bytesRead)], written)
        at += bytesRead
        written += bytesRead
      }
    }
    await to.datasync()
  } finally {
    await to.close()
  }
}
