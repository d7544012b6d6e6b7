import { expect } from 'vitest'
import { itemBytes, MAX_ITEM_BYTES } from '../../../shared/limits.ts'
import type { Item } from '../../../shared/ports.ts'
import { freshKey, freshPartition, type KvSubject } from './subject.ts'

const LONGEST_PK_BYTES = 2048
const LONGEST_SK_BYTES = 1024

/** An item of exactly so many bytes. */
const itemOf = (bytes: number): Item => {
  const item = { ...freshKey(), text: '' }
  return { ...item, text: 'x'.repeat(bytes - itemBytes(item)) }
}

export const limits = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('an item of 400 KB is stored, one byte more is refused', async () => {
    const item = itemOf(MAX_ITEM_BYTES)
    expect(await subject.kv.write({ op: 'put', item })).toBe('done')
    expect(await subject.kv.get(item, 'strong')).toEqual(item)
    const larger = itemOf(MAX_ITEM_BYTES + 1)
    await expect(subject.kv.write({ op: 'put', item: larger })).rejects.toThrow(RangeError)
    expect(await subject.kv.get(larger, 'strong')).toBeUndefined()
  })

  guarantee('an update that would make an item larger than 400 KB is refused', async () => {
    const item = itemOf(MAX_ITEM_BYTES - 10)
    await subject.kv.write({ op: 'put', item })
    await expect(
      subject.kv.write({ op: 'update', key: item, set: { more: 'y'.repeat(100) } }),
    ).rejects.toThrow(RangeError)
    expect(await subject.kv.get(item, 'strong')).toEqual(item)
  })

  guarantee('keys of 2,048 and 1,024 bytes are stored, longer ones refused', async () => {
    const prefix = freshPartition()
    const filled = `${prefix}é`.padEnd(LONGEST_PK_BYTES - 1, 'p')
    const sk = 'é'.repeat(LONGEST_SK_BYTES / 2)
    const item = { pk: filled, sk, a: 1 }
    expect(await subject.kv.write({ op: 'put', item })).toBe('done')
    expect(await subject.kv.get({ pk: filled, sk }, 'strong')).toEqual(item)
    for (const key of [
      { pk: `${filled}p`, sk },
      { pk: filled, sk: `${sk}s` },
    ]) {
      await expect(subject.kv.get(key, 'strong')).rejects.toThrow(RangeError)
      await expect(subject.kv.write({ op: 'put', item: key })).rejects.toThrow(RangeError)
    }
  })

  guarantee('an empty part of a key is refused by every operation', async () => {
    const { kv } = subject
    for (const key of [
      { pk: '', sk: 'a' },
      { pk: freshPartition(), sk: '' },
    ]) {
      await expect(kv.get(key, 'strong')).rejects.toThrow(RangeError)
      await expect(kv.write({ op: 'put', item: key })).rejects.toThrow(RangeError)
      await expect(kv.write({ op: 'update', key, set: { a: 1 } })).rejects.toThrow(RangeError)
      await expect(kv.write({ op: 'delete', key })).rejects.toThrow(RangeError)
      await expect(kv.batchGet([key], 'strong')).rejects.toThrow(RangeError)
      await expect(kv.batchWrite([{ op: 'delete', key }])).rejects.toThrow(RangeError)
      await expect(kv.transact([{ op: 'delete', key }], 'empty-key')).rejects.toThrow(RangeError)
    }
    await expect(kv.query({ pk: '', read: 'strong' })).rejects.toThrow(RangeError)
  })

  guarantee('a number that is no safe integer is refused', async () => {
    for (const count of [NaN, Infinity, 0.5, 2 ** 53]) {
      await expect(subject.kv.write({ op: 'put', item: { ...freshKey(), count } })).rejects.toThrow(
        RangeError,
      )
    }
  })
}
