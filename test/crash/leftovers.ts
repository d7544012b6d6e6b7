import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'lmdb'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Item, Objects } from '../../shared/ports.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { uncovered } from '../support/leftovers.ts'

const PAGE_BYTES = 8192

/** Every item of a data directory that no server is using; the adapter itself never reads a whole table. */
export const dump = async (data: string): Promise<readonly Item[]> => {
  const table = open<Omit<Item, 'pk'>, Buffer>({
    path: join(data, 'table'),
    pageSize: PAGE_BYTES,
    keyEncoding: 'binary',
    encoder: { useRecords: false },
    readOnly: true,
  })
  const items = [...table.getRange({})].map(({ key, value }) => {
    const text = key.toString()
    return { ...value, pk: text.slice(0, text.indexOf('\0')) } as Item
  })
  await table.close()
  return items
}

const listAll = async (objects: Objects, prefix: string): Promise<string[]> => {
  const { keys, next } = await objects.list(prefix)
  return next === undefined ? [...keys] : [...keys, ...(await listAll(objects, next))]
}

/** What lies in a data directory that nothing needs and no queued task would ever find. */
export const leftovers = async (data: string): Promise<string[]> => {
  const items = await dump(data)
  const embedded = await openEmbedded(data, { clock: systemClock })
  const keys = [
    ...(await listAll(embedded.objects, 'object/')),
    ...(await listAll(embedded.objects, 'tail/')),
  ]
  await embedded.close()
  return uncovered(items, [...keys, ...(await stagedKeys(join(data, 'uploads')))])
}

/** The keys of multipart uploads that are not completed, from the first line of their journals. */
const stagedKeys = async (uploads: string): Promise<string[]> => {
  const names = (await readdir(uploads, { recursive: true })).filter((name) =>
    name.endsWith('.journal'),
  )
  const texts = await Promise.all(
    names.map(async (name) => await readFile(join(uploads, name), 'utf8')),
  )
  return texts.flatMap((text) => /"([^"]+)"/.exec(text)?.[1] ?? [])
}
