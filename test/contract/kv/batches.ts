import { expect } from 'vitest'
import { compareUtf8 } from '../../../shared/limits.ts'
import type { BatchOperation, Item, Key, Kv } from '../../../shared/ports.ts'
import { freshKey, freshPartition, type KvSubject } from './subject.ts'

const MAX_GET = 100
const MAX_WRITE = 25

const keysOf = (pk: string, count: number): readonly Key[] =>
  Array.from({ length: count }, (_, index) => ({ pk, sk: String(index).padStart(4, '0') }))

/** Asks again for what was not looked at; a caller must always do so. */
const getAll = async (kv: Kv, keys: readonly Key[]): Promise<readonly Item[]> => {
  const found: Item[] = []
  let open = keys
  while (open.length > 0) {
    const { items, unprocessed } = await kv.batchGet(open, 'strong')
    found.push(...items)
    open = unprocessed
  }
  return found.toSorted((a, b) => compareUtf8(a.sk, b.sk))
}

const writeAll = async (kv: Kv, operations: readonly BatchOperation[]): Promise<void> => {
  let open = operations
  while (open.length > 0) open = (await kv.batchWrite(open)).unprocessed
}

const puts = (keys: readonly Key[], count: number): readonly BatchOperation[] =>
  keys.map((key) => ({ op: 'put', item: { ...key, count } }))

export const batches = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('a batch of 25 puts is written, and 100 keys are read at once', async () => {
    const keys = keysOf(freshPartition(), MAX_GET)
    for (let start = 0; start < MAX_GET; start += MAX_WRITE) {
      await writeAll(subject.kv, puts(keys.slice(start, start + MAX_WRITE), 1))
    }
    expect(await getAll(subject.kv, keys)).toEqual(keys.map((key) => ({ ...key, count: 1 })))
  })

  guarantee('a batch puts, replaces and deletes side by side', async () => {
    const keys = keysOf(freshPartition(), 3)
    await writeAll(subject.kv, puts(keys.slice(0, 2), 1))
    const [first, second, third] = keys
    if (!first || !second || !third) throw new Error('three keys are needed')
    await writeAll(subject.kv, [
      { op: 'put', item: { ...first, other: true } },
      { op: 'delete', key: second },
      { op: 'put', item: { ...third, count: 3 } },
      { op: 'delete', key: freshKey() },
    ])
    expect(await getAll(subject.kv, keys)).toEqual([
      { ...first, other: true },
      { ...third, count: 3 },
    ])
  })

  guarantee('absent keys are left out of a batch of reads', async () => {
    const [present, absent] = [freshKey(), freshKey()]
    await subject.kv.write({ op: 'put', item: present })
    expect(await getAll(subject.kv, [absent, present])).toEqual([present])
  })

  guarantee('40 items of 400 KB can be read, if need be in more than one call', async () => {
    const keys = keysOf(freshPartition(), 40)
    const text = 'x'.repeat(400_000)
    for (const key of keys) await subject.kv.write({ op: 'put', item: { ...key, text } })
    const found = await getAll(subject.kv, keys)
    expect(found.map(({ sk }) => sk)).toEqual(keys.map(({ sk }) => sk))
    expect(found.every((item) => item['text'] === text)).toBe(true)
  })

  guarantee('101 keys and 26 operations are refused, and none is done', async () => {
    const keys = keysOf(freshPartition(), MAX_GET + 1)
    await expect(subject.kv.batchGet(keys, 'strong')).rejects.toThrow(RangeError)
    const many = puts(keys.slice(0, MAX_WRITE + 1), 1)
    await expect(subject.kv.batchWrite(many)).rejects.toThrow(RangeError)
    expect(await getAll(subject.kv, keys.slice(0, MAX_WRITE))).toEqual([])
  })

  guarantee('the same key twice is refused, and nothing is done', async () => {
    const key = freshKey()
    const other = freshKey()
    await expect(subject.kv.batchGet([key, other, { ...key }], 'strong')).rejects.toThrow(
      RangeError,
    )
    const twice: readonly BatchOperation[] = [
      { op: 'put', item: { ...key, count: 1 } },
      { op: 'delete', key },
    ]
    await expect(subject.kv.batchWrite(twice)).rejects.toThrow(RangeError)
    expect(await subject.kv.get(key, 'strong')).toBeUndefined()
  })

  guarantee('an empty batch is done at once', async () => {
    expect(await subject.kv.batchGet([], 'strong')).toEqual({ items: [], unprocessed: [] })
    expect(await subject.kv.batchWrite([])).toEqual({ unprocessed: [] })
  })
}
