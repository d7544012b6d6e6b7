/**
 * What is in the file of parts of one upload: a line of JSON with the object's key, then a line for every part whose
 * bytes are durable. Every line begins and ends with a line break, so what a crash or a full disk left of one line
 * cannot spoil the next; a line that does not parse was never acknowledged.
 */
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { syncDirectory, writeDurably } from './durable.ts'

/** Where the bytes of a part lie in the file of parts. */
export type StoredPart = {
  readonly number: number
  readonly offset: number
  readonly sizeBytes: number
  readonly etag: string
}

export type JournalContent = { readonly key: string; readonly parts: readonly StoredPart[] }

/** No `O_CREAT`: a journal that is gone stays gone. */
const APPEND_TO_EXISTING = constants.O_WRONLY | constants.O_APPEND

/** Begins a journal; durable with its name, and all other names in the directory, when it resolves. */
export const createJournal = async (
  directory: string,
  journal: string,
  key: string,
): Promise<void> => {
  await writeDurably(journal, [lineOf([key])])
  await syncDirectory(directory)
}

/** Adds a part; durable when it resolves. */
export const appendPart = async (journal: string, part: StoredPart): Promise<void> => {
  const handle = await open(journal, APPEND_TO_EXISTING)
  try {
    await handle.appendFile(lineOf([part.number, part.offset, part.sizeBytes, part.etag]))
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** Reads a journal; `undefined` when a crash came before its first line was complete. */
export const readJournal = async (journal: string): Promise<JournalContent | undefined> => {
  const [first, ...rest] = (await readFile(journal, 'utf8')).split('\n').flatMap(fieldsOf)
  const key = first?.[0]
  if (typeof key !== 'string') return undefined
  return { key, parts: rest.flatMap(partOf) }
}

const lineOf = (fields: readonly (string | number)[]): Buffer =>
  Buffer.from(`\n${JSON.stringify(fields)}\n`)

const fieldsOf = (line: string): readonly (readonly unknown[])[] => {
  try {
    const fields: unknown = JSON.parse(line)
    return Array.isArray(fields) ? [fields] : []
  } catch {
    return []
  }
}

const partOf = ([number, offset, sizeBytes, etag]: readonly unknown[]): readonly StoredPart[] =>
  typeof number === 'number' &&
  typeof offset === 'number' &&
  typeof sizeBytes === 'number' &&
  typeof etag === 'string'
    ? [{ number, offset, sizeBytes, etag }]
    : []
