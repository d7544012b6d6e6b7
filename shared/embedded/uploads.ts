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
  /** Where in the file of parts bytes lie, or are on their way to. */
  readonly placed: Set<Place>
  /** Parts being written now. */
  readonly writing: Set<Promise<unknown>>
  /** While parts are being made an object, or dropped. */
  ending: Promise<unknown> | undefined
}

/** From a byte on, up to another one, which is not in it any more; nearer once it is known how many bytes came. */
export type Place = { readonly offset: number; end: number }

/** Behind everything that was placed. */
export const endOffset = ({ placed }: Upload): number => {
  let last = 0
  for (const { end } of placed) last = Math.max(last, end)
  return last
}

/** Takes a place for so many bytes in the file of parts: where it is wanted, if nothing is or ever was there, else at the end. */
export const takePlace = (upload: Upload, sizeBytes: number, wanted?: number): Place => {
  const isFree = (offset: number): boolean => {
    for (const place of upload.placed) {
      if (offset < place.end && offset + sizeBytes > place.offset) return false
    }
    return true
  }
  const offset = wanted !== undefined && isFree(wanted) ? wanted : endOffset(upload)
  const place = { offset, end: offset + sizeBytes }
  upload.placed.add(place)
  return place
}

const JOURNAL_SUFFIX = '.journal'

/** An upload without parts. */
export const newUpload = (directory: string, uploadId: string, key: string): Upload => ({
  key,
  journal: join(directory, `${uploadId}${JOURNAL_SUFFIX}`),
  partsFile: join(directory, `${uploadId}.parts`),
  parts: new Map(),
  placed: new Set(),
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
    upload.placed.add({ offset: part.offset, end })
  }
  await truncate(upload.partsFile, endOffset(upload))
  return upload
}
