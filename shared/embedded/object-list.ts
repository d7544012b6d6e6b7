import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Objects } from '../ports.ts'
import { directoriesOf, keyOfFile } from './object-path.ts'

/** S3's page (ListObjectsV2). */
const MAX_KEYS = 1_000

/** A page of the keys with a prefix. Cheap for a prefix that lies in one directory, a walk of all files otherwise. */
export const listObjects = async (
  objects: string,
  prefix: string,
  after = '',
): Promise<Awaited<ReturnType<Objects['list']>>> => {
  const found: string[] = []
  for (const directory of directoriesOf(prefix)) {
    const keys = (await readdir(join(objects, directory))).map(keyOfFile)
    found.push(...keys.filter((key) => key.startsWith(prefix) && key > after))
  }
  const keys = found.sort().slice(0, MAX_KEYS)
  const last = keys.at(-1)
  return last === undefined || found.length <= MAX_KEYS ? { keys } : { keys, next: last }
}
