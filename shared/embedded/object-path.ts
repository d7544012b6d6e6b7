import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** `bucket.ts` makes no others. No dots and no upper case: safe in every file system, and nothing climbs out. */
const KEY_GRAMMAR = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/

/** A file name has at most 255 bytes on Linux and macOS. */
const MAX_KEY_LENGTH = 240

/** Spreads files over 256 directories; all exist from the start. */
export const FAN_OUT_DIRECTORIES: readonly string[] = Array.from({ length: 256 }, (_, index) =>
  nameOf(index),
)

/**
 * The directory and the file of an object. The whole key is in the file name, `_` for `/`, so that a key may be the
 * beginning of another one and a person can tell files apart. Throws a `RangeError` for what is no key.
 */
export const objectPath = (
  objects: string,
  key: string,
): { readonly directory: string; readonly file: string } => {
  if (key.length > MAX_KEY_LENGTH || !KEY_GRAMMAR.test(key)) {
    throw new RangeError(`${JSON.stringify(key)} is no object key`)
  }
  const directory = join(objects, nameOf(crc32(fanOutOf(key))))
  return { directory, file: join(directory, key.replaceAll('/', '_')) }
}

/** The key of a file that `objectPath` named. */
export const keyOfFile = (name: string): string => name.replaceAll('_', '/')

/** The directories that may hold keys with a prefix: one, when the prefix tells enough. */
export const directoriesOf = (prefix: string): readonly string[] =>
  prefix.split('/').length > FAN_OUT_SEGMENTS
    ? [nameOf(crc32(fanOutOf(prefix)))]
    : FAN_OUT_DIRECTORIES

/** Of `kind/<2 characters>/...` both, so that all tails of an upload lie in one directory and are listed at once. */
const FAN_OUT_SEGMENTS = 2

const fanOutOf = (key: string): string => key.split('/').slice(0, FAN_OUT_SEGMENTS).join('/')

function nameOf(checksum: number): string {
  return (checksum & 0xff).toString(16).padStart(2, '0')
}
