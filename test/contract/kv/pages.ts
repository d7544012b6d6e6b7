import { expect } from 'vitest'
import { itemBytes, MAX_ITEM_BYTES, MAX_PAGE_BYTES } from '../../../shared/limits.ts'
import type { Kv, Query } from '../../../shared/ports.ts'
import { fill, freshPartition, type KvSubject } from './subject.ts'

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** Sort keys page by page, following `next` to the end. */
const walk = async (kv: Kv, query: Omit<Query, 'read'>): Promise<string[][]> => {
  const pages: string[][] = []
  let next = query.after
  do {
    const page = await kv.query({
      ...query,
      read: 'strong',
      ...(next === undefined ? {} : { after: next }),
    })
    pages.push(page.items.map(({ sk }) => sk))
    next = page.next
    expect(pages.length).toBeLessThan(100)
  } while (next !== undefined)
  return pages
}

export const pages = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('pages of any limit reassemble the whole list, ascending and descending', async () => {
    const pk = freshPartition()
    await fill(subject.kv, pk, LETTERS)
    for (const limit of [1, 2, 3, 7, 8]) {
      for (const reverse of [false, true]) {
        const found = await walk(subject.kv, { pk, limit, reverse })
        expect(found.flat()).toEqual(reverse ? LETTERS.toReversed() : LETTERS)
        for (const page of found) expect(page.length).toBeLessThanOrEqual(limit)
      }
    }
  })

  guarantee('pages under a prefix and in a range end where those end', async () => {
    const pk = freshPartition()
    await fill(subject.kv, pk, ['a#1', 'b#1', 'b#2', 'b#3', 'c#1'])
    const prefix = await walk(subject.kv, { pk, sk: { prefix: 'b#' }, limit: 2 })
    expect(prefix.flat()).toEqual(['b#1', 'b#2', 'b#3'])
    const sk = { from: 'a#1', to: 'b#2' }
    const backwards = await walk(subject.kv, { pk, sk, limit: 2, reverse: true })
    expect(backwards.flat()).toEqual(['b#2', 'b#1', 'a#1'])
  })

  guarantee(
    'a page that its limit ended has a next, a page short of its limit has none',
    async () => {
      const pk = freshPartition()
      await fill(subject.kv, pk, LETTERS)
      const cut = await subject.kv.query({ pk, limit: 3, read: 'strong' })
      expect(cut.next).toBe('c')
      const whole = await subject.kv.query({ pk, limit: 8, read: 'strong' })
      expect(whole.next).toBeUndefined()
    },
  )

  guarantee('a page ends at 1 MB, and the next one loses nothing', async () => {
    const pk = freshPartition()
    const text = 'x'.repeat(300_000)
    await fill(subject.kv, pk, LETTERS, { text })
    const found = await walk(subject.kv, { pk })
    expect(found.flat()).toEqual(LETTERS)
    expect(found.length).toBeGreaterThan(1)
    const one = itemBytes({ pk, sk: 'a', text })
    // DynamoDB ends a page with the item that reaches 1 MB.
    for (const page of found) {
      expect((page.length - 1) * one).toBeLessThanOrEqual(MAX_PAGE_BYTES)
    }
  })

  guarantee('a page of keys alone has nothing else, in the same order, page by page', async () => {
    const pk = freshPartition()
    await fill(subject.kv, pk, LETTERS, { text: 'x'.repeat(300_000) })
    const query = { pk, keysOnly: true, read: 'strong' } as const
    const { items, next } = await subject.kv.query({ ...query, limit: 2 })
    expect(items).toEqual([
      { pk, sk: 'a' },
      { pk, sk: 'b' },
    ])
    expect(next).toBe('b')
    const last = await subject.kv.query({ ...query, sk: { prefix: 'g' } })
    expect(last).toEqual({ items: [{ pk, sk: 'g' }] })
    for (const reverse of [false, true]) {
      const found = await walk(subject.kv, { pk, keysOnly: true, reverse })
      expect(found.flat()).toEqual(reverse ? LETTERS.toReversed() : LETTERS)
    }
  })

  guarantee('a limit does not lift the 1 MB of a page', async () => {
    const pk = freshPartition()
    await fill(subject.kv, pk, LETTERS, { text: 'x'.repeat(MAX_ITEM_BYTES - 1000) })
    const found = await walk(subject.kv, { pk, limit: 7, reverse: true })
    expect(found.flat()).toEqual(LETTERS.toReversed())
    expect(found.length).toBeGreaterThan(1)
  })
}
