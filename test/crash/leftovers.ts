import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'lmdb'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Item, Objects } from '../../shared/ports.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { GUARD } from '../../shared/table.ts'

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
  const { uncoveredItems, coveredObjects } = examine(items)
  const staged = await stagedKeys(join(data, 'uploads'))
  return [
    ...uncoveredItems,
    ...[...keys, ...staged].filter((key) => !coveredObjects.has(key.split('/')[2] ?? '')),
  ]
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

const examine = (items: readonly Item[]) => {
  const tasks = new Set(
    items
      .filter(({ pk }) => pk.startsWith('TASK#'))
      .flatMap(({ type, oid, digest, pid, inc }) => [
        `${String(type)} ${String(oid)}`,
        `${String(type)} ${String(digest)} ${String(pid)}`,
        `${String(type)} ${String(inc)}`,
        `${String(type)} ${String(digest)}`,
      ]),
  )
  const owned = new Set(items.filter(({ sk }) => sk === GUARD).map(({ oid }) => oid))
  const committed = new Set(
    items.filter(({ pk, sk }) => pk.startsWith('MANIFEST#') && sk === GUARD).map(({ inc }) => inc),
  )
  const intents = new Map(
    items
      .filter(({ sk }) => sk.startsWith('#INTENT#'))
      .map(({ sk, oid }) => [sk.slice('#INTENT#'.length), oid]),
  )
  const isAlive = (inc: string): boolean =>
    committed.has(inc) ||
    (intents.has(inc) && tasks.has(`INTENT_REVIEW ${inc}`)) ||
    tasks.has(`TOMBSTONE ${inc}`)
  const heldManifests = new Set(
    items.filter(({ sk }) => sk.startsWith('HELD#')).map(({ pk }) => pk),
  )
  const coveredObjects = new Set<string>()

  const isCovered = (item: Item): boolean => {
    const { pk, sk } = item
    const inc = sk.split('#').at(-1) ?? ''
    if (pk.startsWith('OBJECT#') && sk === GUARD) {
      const oid = pk.slice('OBJECT#'.length)
      const covered = isObjectCovered(item, oid, { tasks, owned, intents })
      if (covered) coveredObjects.add(oid)
      return covered
    }
    if (sk.startsWith('#INTENT#')) return tasks.has(`INTENT_REVIEW ${inc}`)
    if (pk.startsWith('BLOB#') && sk.endsWith('#LEASE')) {
      return tasks.has(`LINK_REVIEW ${pk.slice('BLOB#'.length)} ${sk.split('#')[1] ?? ''}`)
    }
    if (/#MANIFEST#[^#]+#[^#]+$/.test(sk) || sk.startsWith('HELD#INDEX#')) return isAlive(inc)
    if (pk.startsWith('MANIFEST#') && sk === GUARD) {
      return heldManifests.has(pk) || tasks.has(`MANIFEST_REVIEW ${pk.split('#')[2] ?? ''}`)
    }
    return true
  }
  const uncoveredItems = items.filter((item) => !isCovered(item)).map(({ pk, sk }) => `${pk} ${sk}`)
  return { uncoveredItems, coveredObjects }
}

const isObjectCovered = (
  { state, inc }: Item,
  oid: string,
  known: {
    readonly tasks: ReadonlySet<string>
    readonly owned: ReadonlySet<unknown>
    readonly intents: ReadonlyMap<string, unknown>
  },
): boolean => {
  if (state === 'OWN') return known.owned.has(oid)
  if (state === 'DOOM') return known.tasks.has(`OBJECT_DELETE ${oid}`)
  return known.tasks.has(`UPLOAD_REVIEW ${oid}`) || known.intents.get(String(inc)) === oid
}
