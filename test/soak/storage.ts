import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Item, Key, Objects } from '../../shared/ports.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { GUARD } from '../../shared/table.ts'
import { dump, leftovers } from '../crash/leftovers.ts'
import { garbage } from '../simulation/garbage.ts'
import { violations, type Observed } from '../simulation/invariants.ts'

/** Whether anything is left to do for the collector of a data directory, which a server may be using. */
export const isQuiet = async (data: string): Promise<boolean> =>
  !(await dump(data)).some(({ pk }) => /^(?:TASK|PARKED)#/.test(pk))

const nameOf = ({ pk, sk }: Key): string => `${pk}\0${sk}`

const bytesOf = async (objects: Objects): Promise<ReadonlyMap<string, Uint8Array>> => {
  const found = new Map<string, Uint8Array>()
  for (const prefix of ['object/', 'tail/']) {
    let after: string | undefined
    do {
      const page = await objects.list(prefix, after)
      for (const key of page.keys) found.set(key, await whole(objects, key))
      after = page.next
    } while (after !== undefined)
  }
  return found
}

const whole = async (objects: Objects, key: string): Promise<Uint8Array> => {
  const object = await objects.get(key)
  if (object === undefined) throw new Error(`${key} is listed and not there`)
  return Buffer.concat(await Array.fromAsync(object.body))
}

/** Everything in a data directory that no server is using. */
const observe = async (data: string): Promise<Observed & { readonly items: readonly Item[] }> => {
  const items = await dump(data)
  const byName = new Map(items.map((item) => [nameOf(item), item]))
  const embedded = await openEmbedded(data, { clock: systemClock })
  try {
    return {
      items,
      table: { items: () => items, get: (key) => byName.get(nameOf(key)), locks: new Set() },
      bucket: { objects: await bytesOf(embedded.objects) },
    }
  } finally {
    await embedded.close()
  }
}

/**
 * What is wrong with a data directory in which nothing is left to do: broken manifests, garbage, blobs that no image of
 * those that are alive has, or that one of them lacks.
 */
export const flaws = async (
  data: string,
  alive: ReadonlySet<string>,
): Promise<readonly string[]> => {
  const { items, ...observed } = await observe(data)
  const stored = items
    .filter(({ pk, sk }) => pk.startsWith('BLOB#') && sk === GUARD)
    .map(({ pk }) => pk.slice('BLOB#sha256:'.length))
  const difference = new Set(stored).symmetricDifference(alive)
  return [
    ...violations(observed),
    ...garbage(observed),
    ...(await leftovers(data)).map((name) => `nobody will ever find ${name}`),
    ...[...difference].map((name) => `${name} is ${alive.has(name) ? 'missing' : 'left'}`),
  ]
}
