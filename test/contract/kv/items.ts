import { expect } from 'vitest'
import { freshKey, type KvSubject } from './subject.ts'

const attributes = {
  text: 'é \u{1f6a2} \u0000 "\\',
  emptyText: '',
  count: 42,
  zero: 0,
  negative: -7,
  largest: Number.MAX_SAFE_INTEGER,
  smallest: Number.MIN_SAFE_INTEGER,
  yes: true,
  no: false,
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte),
  noBytes: new Uint8Array(0),
  // Words that the expressions of DynamoDB reserve, and a name that every object inherits.
  size: 1,
  name: 'reserved',
  constructor: 'inherited',
  'dotted.name': 'no path',
}

export const items = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('what was put is read back, every type as it was', async () => {
    const item = { ...freshKey(), ...attributes }
    await subject.kv.write({ op: 'put', item })
    const read = await subject.kv.get(item, 'strong')
    expect(plain(read)).toEqual(plain(item))
    expect(read?.['bytes']).toBeInstanceOf(Uint8Array)
  })

  guarantee('an absent item is undefined', async () => {
    expect(await subject.kv.get(freshKey(), 'strong')).toBeUndefined()
    expect(await subject.kv.get(freshKey(), 'eventual')).toBeUndefined()
  })

  guarantee('a put replaces the whole item', async () => {
    const key = freshKey()
    await subject.kv.write({ op: 'put', item: { ...key, old: 1, both: 1 } })
    expect(await subject.kv.write({ op: 'put', item: { ...key, both: 2 } })).toBe('done')
    expect(await subject.kv.get(key, 'strong')).toEqual({ ...key, both: 2 })
  })

  guarantee('a delete removes the item, and an absent one is no error', async () => {
    const key = freshKey()
    await subject.kv.write({ op: 'put', item: { ...key, a: 1 } })
    expect(await subject.kv.write({ op: 'delete', key })).toBe('done')
    expect(await subject.kv.get(key, 'strong')).toBeUndefined()
    expect(await subject.kv.write({ op: 'delete', key })).toBe('done')
  })

  guarantee('what a caller does to an item afterwards changes nothing stored', async () => {
    const key = freshKey()
    const bytes = Uint8Array.of(1, 2, 3)
    await subject.kv.write({ op: 'put', item: { ...key, bytes } })
    bytes.fill(9)
    const read = await subject.kv.get(key, 'strong')
    expect(plain(read)).toEqual({ ...key, bytes: [1, 2, 3] })
    const readBytes = read?.['bytes']
    if (readBytes instanceof Uint8Array) readBytes.fill(8)
    expect(plain(await subject.kv.get(key, 'strong'))).toEqual({ ...key, bytes: [1, 2, 3] })
  })

  guarantee('keys that differ only in where their parts meet are different keys', async () => {
    const { pk } = freshKey()
    await subject.kv.write({ op: 'put', item: { pk: `${pk}a`, sk: 'b', which: 1 } })
    await subject.kv.write({ op: 'put', item: { pk, sk: 'ab', which: 2 } })
    expect(await subject.kv.get({ pk: `${pk}a`, sk: 'b' }, 'strong')).toMatchObject({ which: 1 })
    expect(await subject.kv.get({ pk, sk: 'ab' }, 'strong')).toMatchObject({ which: 2 })
  })
}

/** Bytes as a list of numbers, so that a Buffer and a Uint8Array of the same bytes are equal. */
const plain = (item: object | undefined): unknown =>
  item === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(item).map(([name, value]: [string, unknown]) => [
          name,
          value instanceof Uint8Array ? [...value] : value,
        ]),
      )
