import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { readJournal } from './upload-journal.ts'
import type { StoredPart } from './upload-journal.ts'

/** A multipart upload as this process knows it; `journal` and `partsFile` say the same on disk. */
export type Upload = {
  readonly key: string
  readonly journal: string
  readonly partsFile: string
  readonly parts: Map<number, StoredPart>
  /** Where the next part goes. */
  endOffset: number
  /** Parts being written now. */
  readonly writing: Set<Promise<unknown>>
  /** While parts are being made an object, or dropped. */
  ending: Promise<unknown> | undefined
}

const JOURNAL_SUFFIX = '.journal'

/** An upload without parts. */
export const newUpload = (directory: string, uploadId: string, key: string): Upload => ({
  key,
  journal: join(directory, `${uploadId}${JOURNAL_SUFFIX}`),
  partsFile: join(directory, `${uploadId}.parts`),
  parts: new Map(),
  endOffset: 0,
  writing: new Set(),
  ending: undefined,
})

/** Deletes what is on disk of an upload. */
export const dropFiles = async ({ journal, partsFile }: Upload): Promise<void> => {
  await rm(partsFile, { force: true })
  await rm(journal, { force: true })
}

/** The uploads that were under way when the last server ended; whatever else lies in the directory is deleted. */
export const recoverUploads = async (directory: string): Promise<Map<string, Upload>> => {
  const uploads = new Map<string, Upload>()
  const names = new Set(await readdir(directory))
  for (const name of names) {
    if (!name.endsWith(JOURNAL_SUFFIX)) continue
    const uploadId = name.slice(0, -JOURNAL_SUFFIX.length)
    const upload = await recover(directory, uploadId)
    if (upload === undefined) continue
    uploads.set(uploadId, upload)
    names.delete(name)
    names.delete(`${uploadId}.parts`)
  }
  for (const name of names) await rm(join(directory, name), { force: true, recursive: true })
  return uploads
}

const recover = async (directory: string, uploadId: string): Promise<Upload | undefined> => {
  const empty = newUpload(directory, uploadId, '')
  const content = await readJournal(empty.journal)
  if (content === undefined) return undefined
  const file = await stat(empty.partsFile).catch(() => undefined)
  // A second name: the crash came when the parts were an object already. Further parts would grow that object.
  if (file === undefined || file.nlink > 1) return undefined
  const upload = { ...empty, key: content.key }
  for (const part of content.parts) {
    const end = part.offset + part.sizeBytes
    if (end > file.size) continue
    upload.parts.set(part.number, part)
    upload.endOffset = Math.max(upload.endOffset, end)
  }
  await truncate(upload.partsFile, upload.endOffset)
  return upload
}
