import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { CliError } from '../client.ts'
import { readFileRange } from './source.ts'
import { indexTar } from './tar-index.ts'

/** What is read into memory at once is a document: a manifest, a configuration. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024

/** Files under relative paths, in a directory or in a tar archive. */
export type Files = {
  readonly sizeOf: (path: string) => Promise<number | undefined>
  readonly open: (path: string, start: number, end: number) => Readable
  /** @throws CliError when it is not there, or too large for a document */
  readonly read: (path: string) => Promise<Buffer<ArrayBuffer>>
}

type Place = { readonly file: string; readonly offset: number; readonly sizeBytes: number }

const filesIn = (what: string, find: (path: string) => Promise<Place | undefined>): Files => {
  const places = new Map<string, Place>()
  const placeOf = async (path: string): Promise<Place | undefined> => {
    const place = places.get(path) ?? (await find(path))
    if (place !== undefined) places.set(path, place)
    return place
  }
  return {
    sizeOf: async (path) => (await placeOf(path))?.sizeBytes,
    open: (path, start, end) => {
      const place = places.get(path)
      if (place === undefined) throw new CliError(`${what} holds no ${path}`)
      return readFileRange(place.file, place.offset + start, place.offset + end)
    },
    read: async (path) => {
      const place = await placeOf(path)
      if (place === undefined) throw new CliError(`${what} holds no ${path}`)
      const { file, offset, sizeBytes } = place
      if (sizeBytes > MAX_DOCUMENT_BYTES) throw new CliError(`${path} in ${what} is too large`)
      const handle = await open(file, 'r')
      try {
        const bytes = Buffer.alloc(sizeBytes)
        await handle.read(bytes, 0, sizeBytes, offset)
        return bytes
      } finally {
        await handle.close()
      }
    },
  }
}

export const filesOfDirectory = (directory: string): Files =>
  filesIn(directory, async (path) => {
    const file = join(directory, path)
    const found = await stat(file).catch(() => undefined)
    return found?.isFile() === true ? { file, offset: 0, sizeBytes: found.size } : undefined
  })

export const filesOfTar = async (file: string): Promise<Files> => {
  const index = await indexTar(file)
  return filesIn(file, async (path) => {
    const entry = index.get(path)
    return await Promise.resolve(entry && { file, ...entry })
  })
}
