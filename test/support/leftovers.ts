import type { Item } from '../../shared/ports.ts'
import { GUARD } from '../../shared/table.ts'

/** What of a table and of the keys of its bucket nothing needs and no queued task would ever find. */
export const uncovered = (items: readonly Item[], keys: readonly string[]): string[] => {
  const { uncoveredItems, coveredObjects } = examine(items)
  return [...uncoveredItems, ...keys.filter((key) => !coveredObjects.has(key.split('/')[2] ?? ''))]
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
  const coveredUploads = new Set<string>()

  const isCovered = (item: Item): boolean => {
    const { pk, sk } = item
    const inc = sk.split('#').at(-1) ?? ''
    if (pk.startsWith('OBJECT#') && sk === GUARD) {
      const oid = pk.slice('OBJECT#'.length)
      const covered = isObjectCovered(item, oid, { tasks, owned, intents })
      if (covered) coveredObjects.add(oid)
      // What a finished upload left beside its object has a task of its own.
      if (covered && (item['state'] !== 'OWN' || tasks.has(`UPLOAD_CLEANUP ${oid}`))) {
        coveredUploads.add(oid)
      }
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
  return { uncoveredItems, coveredObjects, coveredUploads }
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
