import { expect } from 'vitest'
import { itemBytes, MAX_PAGE_BYTES } from '../../../shared/limits.ts'
import type { Item, Kv, Scan } from '../../../shared/ports.ts'
import { fill, freshPartition, type KvSubject } from './subject.ts'

/** Every page, following `next` to the end. */
const walk = async (
  kv: Kv,
  scan: Omit<Scan, 'read'> = {},
  met: (page: readonly Item[]) => Promise<unknown> | undefined = () => undefined,
): Promise<(readonly Item[])[]> => {
  const pages: (readonly Item[])[] = []
  let next = scan.after
  do {
    const page = await kv.scan({
      ...{ ...scan, read: 'strong' },
      ...(next === undefined ? {} : { after: next }),
    })
    pages.push(page.items)
    await met(page.items)
    next = page.next
    expect(pages.length).toBeLessThan(10_000)
  } while (next !== undefined)
  return pages
}

/** Other tests may have items in the same table. */
const of = (pages: readonly (readonly Item[])[], partitions: readonly string[]) =>
  pages
    .flat()
    .filter(({ pk }) => partitions.includes(pk))
    .map(({ pk, sk }) => `${pk} ${sk}`)
    .sort()

export const scans = (subject: KvSubject): void => {
  const { guarantee } = subject

  const filled = async (attributes: Omit<Item, 'pk' | 'sk'> = {}) => {
    const partitions = [freshPartition(), freshPartition(), freshPartition()]
    for (const pk of partitions) await fill(subject.kv, pk, ['#', 'a', 'é', 'z'], attributes)
    const all = partitions.flatMap((pk) => ['#', 'a', 'é', 'z'].map((sk) => `${pk} ${sk}`))
    return { partitions, all: all.sort() }
  }

  guarantee(
    'a scan meets every item of every partition once, whatever its pages hold',
    async () => {
      const { all, partitions } = await filled({ n: 1 })
      for (const limit of [3, 7, 1_000]) {
        const pages = await walk(subject.kv, { limit })
        expect(of(pages, partitions)).toEqual(all)
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit)
      }
      const [first] = of(await walk(subject.kv), partitions)
      expect(first).toBe(all[0])
    },
  )

  guarantee('a scan answers whole items, as they were last written', async () => {
    const pk = freshPartition()
    const item = { pk, sk: 'a', text: 'old', bytes: Uint8Array.of(0, 255), yes: true, n: -1 }
    await subject.kv.write({ op: 'put', item })
    await subject.kv.write({ op: 'update', key: { pk, sk: 'a' }, set: { text: 'new' } })
    const found = (await walk(subject.kv)).flat().filter((one) => one.pk === pk)
    expect(found).toEqual([{ ...item, text: 'new' }])
  })

  guarantee(
    'a scan goes on behind an item that was deleted meanwhile, and loses none',
    async () => {
      const { all, partitions } = await filled()
      let deleted: string | undefined
      const pages = await walk(subject.kv, { limit: 2 }, async (page) => {
        const last = page.at(-1)
        if (deleted !== undefined || last === undefined || !partitions.includes(last.pk)) return
        deleted = `${last.pk} ${last.sk}`
        await subject.kv.write({ op: 'delete', key: { pk: last.pk, sk: last.sk } })
      })
      expect(of(pages, partitions)).toEqual(all)
      const again = of(await walk(subject.kv), partitions)
      expect(again).toEqual(all.filter((name) => name !== deleted))
    },
  )

  guarantee('a page of a scan ends at 1 MB', async () => {
    const text = 'x'.repeat(300_000)
    const { all, partitions } = await filled({ text })
    const pages = await walk(subject.kv)
    expect(of(pages, partitions)).toEqual(all)
    for (const page of pages) {
      // DynamoDB ends a page with the item that reaches 1 MB.
      const bytes = page.slice(0, -1).reduce((total, item) => total + itemBytes(item), 0)
      expect(bytes).toBeLessThanOrEqual(MAX_PAGE_BYTES)
    }
  })

  guarantee('a scan without a whole number of items to a page is refused', async () => {
    for (const limit of [0, -1, 0.5]) {
      await expect(subject.kv.scan({ limit, read: 'strong' })).rejects.toThrow(RangeError)
    }
  })
}
