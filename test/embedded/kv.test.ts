import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareUtf8, itemBytes } from '../../shared/limits.ts'
import type { Item, Kv } from '../../shared/ports.ts'
import { withDirectory, withEmbedded } from './fresh.ts'

const withKv = async (use: (kv: Kv) => Promise<void>): Promise<void> => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ kv }) => {
      await use(kv)
    })
  })
}

const put = async (kv: Kv, item: Item): Promise<void> => {
  expect(await kv.write({ op: 'put', item })).toBe('done')
}

test('a key of the greatest size is stored, read and listed', async () => {
  await withKv(async (kv) => {
    const item = { pk: 'p'.repeat(2048), sk: 's'.repeat(1024), n: 1 }
    await put(kv, item)
    expect(await kv.get(item, 'strong')).toEqual(item)
    expect(await kv.query({ pk: item.pk, read: 'strong' })).toEqual({ items: [item] })
    expect(await kv.query({ pk: item.pk, sk: { prefix: item.sk }, read: 'strong' })).toEqual({
      items: [item],
    })
    expect(
      await kv.query({ pk: item.pk, sk: { from: item.sk, to: item.sk }, read: 'strong' }),
    ).toEqual({ items: [item] })
  })
})

test('a key with a NUL is refused', async () => {
  await withKv(async (kv) => {
    for (const key of [
      { pk: 'a\0b', sk: 'c' },
      { pk: 'a', sk: 'b\0c' },
    ]) {
      await expect(kv.write({ op: 'put', item: key })).rejects.toThrow(RangeError)
      expect(await kv.get(key, 'strong')).toBeUndefined()
    }
  })
})

test('attributes of every kind come back as they were, bytes as a plain Uint8Array', async () => {
  await withKv(async (kv) => {
    const item = {
      pk: 'p',
      sk: 's',
      text: 'ä\u{1F600}\uFFFD',
      zero: 0,
      large: Number.MAX_SAFE_INTEGER,
      negative: -5_000_000_000,
      yes: true,
      no: false,
      empty: new Uint8Array(0),
      bytes: Uint8Array.from({ length: 300_000 }, (_, index) => index),
      constructor: 'own',
    }
    await put(kv, item)
    const found = await kv.get(item, 'strong')
    expect(found).toStrictEqual(item)
    expect(found?.['bytes']?.constructor).toBe(Uint8Array)
  })
})

/** Letters on both sides of the boundaries at which the orders of UTF-8 and UTF-16 differ. */
const text = fc
  .array(
    fc.constantFrom('\x01', '#', '/', 'a', 'b', '\x7f', 'é', '\uFFFD', '\u{10000}', '\u{10FFFF}'),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((letters) => letters.join(''))

test('any query answers what sorting and filtering all items answers', async () => {
  await withKv(async (kv) => {
    const state = { run: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(text, { maxLength: 12 }),
        fc.oneof(
          fc.constant(undefined),
          text.map((prefix) => ({ prefix })),
          fc
            .tuple(text, text)
            .map(([a, b]) => (compareUtf8(a, b) <= 0 ? { from: a, to: b } : { from: b, to: a })),
        ),
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        async (sks, sk, reverse, limit) => {
          state.run += 1
          const pk = `p${state.run}`
          await Promise.all(
            sks.map(async (one) => {
              await put(kv, { pk, sk: one })
            }),
          )
          const inRange = (one: string): boolean =>
            sk === undefined ||
            ('prefix' in sk
              ? one.startsWith(sk.prefix)
              : compareUtf8(sk.from, one) <= 0 && compareUtf8(one, sk.to) <= 0)
          const expected = sks.filter(inRange).sort(compareUtf8)
          if (reverse) expected.reverse()
          const found: string[] = []
          let after: string | undefined
          do {
            const page = await kv.query({
              pk,
              reverse,
              limit,
              read: 'strong',
              ...(sk === undefined ? {} : { sk }),
              ...(after === undefined ? {} : { after }),
            })
            expect(page.items.length).toBeLessThanOrEqual(limit)
            found.push(...page.items.map((item) => item.sk))
            after = page.next
          } while (after !== undefined)
          expect(found).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })
})

test('a page ends before 1 MB and goes on where it ended', async () => {
  await withKv(async (kv) => {
    const bytes = new Uint8Array(400_000)
    for (const sk of ['a', 'b', 'c', 'd']) await put(kv, { pk: 'p', sk, bytes })
    const first = await kv.query({ pk: 'p', read: 'strong' })
    expect(first.items.map(({ sk }) => sk)).toEqual(['a', 'b'])
    expect(first.next).toBe('b')
    const second = await kv.query({ pk: 'p', after: 'b', read: 'strong' })
    expect(second.items.map(({ sk }) => sk)).toEqual(['c', 'd'])
    expect(second.next).toBeUndefined()
  })
})

test('a page is measured exactly, whatever its items are made of', async () => {
  await withKv(async (kv) => {
    // With `sk`, `pk` and names each of these has 262,144 bytes: four of them fill a page to the last one.
    const filling = (sk: string, extra = 0): Item => {
      const rest = 262_144 - itemBytes({ pk: 'p', sk, text: '' })
      return { pk: 'p', sk, text: 'x'.repeat(rest + extra) }
    }
    for (const sk of ['a', 'b', 'c', 'd', 'e']) await put(kv, filling(sk))
    const full = await kv.query({ pk: 'p', read: 'strong' })
    expect(full.items.map(({ sk }) => sk)).toEqual(['a', 'b', 'c', 'd'])
    expect(full.next).toBe('d')
    await put(kv, filling('d', 1))
    const short = await kv.query({ pk: 'p', read: 'strong' })
    expect(short.items.map(({ sk }) => sk)).toEqual(['a', 'b', 'c'])
    expect(short.next).toBe('c')
  })
})

test('a transaction with one false condition writes nothing and says which', async () => {
  await withKv(async (kv) => {
    const outcome = await kv.transact(
      [
        { op: 'put', item: { pk: 'p', sk: 'a' } },
        { op: 'check', key: { pk: 'p', sk: 'b' }, conditions: [{ kind: 'exists' }] },
        { op: 'put', item: { pk: 'p', sk: 'c' } },
      ],
      'token',
    )
    expect(outcome).toEqual({ done: false, reasons: [undefined, 'condition', undefined] })
    expect(await kv.query({ pk: 'p', read: 'strong' })).toEqual({ items: [] })
  })
})

test('of many writers that count on one item none is lost, and one of many creators wins', async () => {
  await withKv(async (kv) => {
    const key = { pk: 'p', sk: 'count' }
    const writers = Array.from({ length: 200 }, (_, index) => index)
    await Promise.all(
      writers.map(async (index) => {
        if (index % 3 === 0) await new Promise((resolve) => setTimeout(resolve, index % 7))
        await kv.write({ op: 'update', key, add: { n: 1 } })
      }),
    )
    expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 200 })
    const outcomes = await Promise.all(
      writers.map(
        async (by) =>
          await kv.write({
            op: 'put',
            item: { pk: 'p', sk: 'once', by },
            conditions: [{ kind: 'absent' }],
          }),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1)
  })
})

test('a read sees what was acknowledged before it, however many writers are under way', async () => {
  await withKv(async (kv) => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, writer) => {
        for (let n = 1; n <= 10; n += 1) {
          await put(kv, { pk: 'p', sk: String(writer), n })
          expect((await kv.get({ pk: 'p', sk: String(writer) }, 'strong'))?.['n']).toBe(n)
        }
      }),
    )
  })
})

test('a token makes a transaction once for ten minutes and not for ever, and a refused one may be tried again', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ kv }, clock) => {
      const key = { pk: 'p', sk: 's' }
      const add = async (token: string) =>
        await kv.transact([{ op: 'update', key, add: { n: 1 } }], token)
      expect(await Promise.all([add('a'), add('a'), add('b')])).toEqual(
        Array.from({ length: 3 }, () => ({ done: true })),
      )
      clock.advance(9 * 60_000)
      await add('a')
      expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 2 })
      for (const token of ['d', 'e']) {
        clock.advance(11 * 60_000)
        await add(token)
      }
      await add('a')
      expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 5 })

      const take = async () =>
        await kv.transact([{ op: 'delete', key, conditions: [{ kind: 'absent' }] }], 'c')
      expect((await take()).done).toBe(false)
      await kv.write({ op: 'delete', key })
      expect((await take()).done).toBe(true)
    })
  })
})

test('an update that cannot be made fails alone, not those that share its commit', async () => {
  await withKv(async (kv) => {
    const key = { pk: 'p', sk: 's' }
    await put(kv, { ...key, n: 'text' })
    const [bad, good] = await Promise.allSettled([
      kv.write({ op: 'update', key, add: { n: 1 } }),
      kv.write({ op: 'put', item: { pk: 'p', sk: 't' } }),
    ])
    expect(bad).toMatchObject({ status: 'rejected', reason: { name: 'RangeError' } })
    expect(good).toEqual({ status: 'fulfilled', value: 'done' })
  })
})

const many = Array.from({ length: 120 }, (_, index) => ({
  pk: 'p',
  sk: String(index).padStart(3, '0'),
}))

test('of many writes with one call each is on its own, and answered in its place', async () => {
  await withKv(async (kv) => {
    const taken = many.filter((_, index) => index % 7 === 0)
    for (const item of taken) await put(kv, item)
    const outcomes = await kv.each?.write(
      many.map((item) => ({
        op: 'put',
        item: { ...item, n: 1 },
        conditions: [{ kind: 'absent' }],
      })),
    )
    expect(outcomes).toEqual(many.map((_, index) => (index % 7 === 0 ? 'refused' : 'done')))
    const { items } = await kv.query({ pk: 'p', read: 'strong' })
    expect(items.filter(({ n }) => n === 1)).toHaveLength(many.length - taken.length)
    expect(items).toHaveLength(many.length)
  })
})

test('of many transactions with one call each is done or not done as a whole', async () => {
  await withKv(async (kv) => {
    const outcomes = await kv.each?.transact(
      many.map((item, index) => [
        { op: 'put', item },
        {
          op: 'check',
          key: { pk: 'p', sk: 'none' },
          conditions: [{ kind: index % 2 === 0 ? 'absent' : 'exists' }],
        },
      ]),
    )
    expect(outcomes?.map(({ done }) => done)).toEqual(many.map((_, index) => index % 2 === 0))
    expect(outcomes?.[1]).toEqual({ done: false, reasons: [undefined, 'condition'] })
    const { items } = await kv.query({ pk: 'p', read: 'strong' })
    expect(items).toEqual(many.filter((_, index) => index % 2 === 0))
  })
})

test('many writes with one call of which one cannot be made are refused before any is made', async () => {
  await withKv(async (kv) => {
    const bad = { op: 'put', item: { pk: 'p', sk: '' } } as const
    await expect(
      kv.each?.write([...many.map((item) => ({ op: 'put', item }) as const), bad]),
    ).rejects.toThrow(RangeError)
    expect((await kv.query({ pk: 'p', read: 'strong' })).items).toEqual([])
  })
})
