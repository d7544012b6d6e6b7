import { expect } from 'vitest'
import type { Query } from '../../../shared/ports.ts'
import { fill, freshPartition, type KvSubject } from './subject.ts'

/** Ascending by UTF-8 bytes; UTF-16 would put the ship and the last code point before U+FFFD. */
const BY_BYTES = [
  '\u0001',
  '#',
  '0',
  'A',
  'Z',
  'a',
  'aa',
  'é',
  '\ud7ff',
  '\ufffd',
  '\u{1f6a2}',
  '\u{10ffff}',
]

const SOME = ['TAG#a', 'TAG#b', 'TAG#b#1', 'TAG#c', 'TAG$', 'TAH', 'tag']

export const order = (subject: KvSubject): void => {
  const { guarantee } = subject

  const listed = async (query: Omit<Query, 'read'>): Promise<readonly string[]> =>
    (await subject.kv.query({ ...query, read: 'strong' })).items.map(({ sk }) => sk)

  const filled = async (sortKeys: readonly string[]): Promise<string> => {
    const pk = freshPartition()
    await fill(subject.kv, pk, sortKeys)
    return pk
  }

  guarantee('sort keys ascend by their UTF-8 bytes', async () => {
    const pk = await filled(BY_BYTES.toReversed())
    expect(await listed({ pk })).toEqual(BY_BYTES)
    expect(await listed({ pk, reverse: true })).toEqual(BY_BYTES.toReversed())
  })

  guarantee('a range between code points beyond the first plane follows the bytes', async () => {
    const pk = await filled(BY_BYTES)
    expect(await listed({ pk, sk: { from: '\ue000', to: '\u{1f6a2}' } })).toEqual([
      '\ufffd',
      '\u{1f6a2}',
    ])
    expect(await listed({ pk, after: '\ufffd' })).toEqual(['\u{1f6a2}', '\u{10ffff}'])
    expect(await listed({ pk, sk: { prefix: '\u{1f6a2}' } })).toEqual(['\u{1f6a2}'])
  })

  guarantee('a prefix lists exactly the sort keys that begin with it', async () => {
    const pk = await filled(SOME)
    expect(await listed({ pk, sk: { prefix: 'TAG#' } })).toEqual(SOME.slice(0, 4))
    expect(await listed({ pk, sk: { prefix: 'TAG#b' } })).toEqual(['TAG#b', 'TAG#b#1'])
    expect(await listed({ pk, sk: { prefix: 'none' } })).toEqual([])
  })

  guarantee('a range includes both its ends, which need not exist', async () => {
    const pk = await filled(SOME)
    expect(await listed({ pk, sk: { from: 'TAG#b', to: 'TAG#c' } })).toEqual(SOME.slice(1, 4))
    expect(await listed({ pk, sk: { from: 'TAG#aa', to: 'TAG#bz' } })).toEqual(['TAG#b', 'TAG#b#1'])
    expect(await listed({ pk, sk: { from: 'TAG#b', to: 'TAG#b' } })).toEqual(['TAG#b'])
  })

  guarantee('after continues behind a sort key, present or not, in both directions', async () => {
    const pk = await filled(SOME)
    expect(await listed({ pk, after: 'TAG#b' })).toEqual(SOME.slice(2))
    expect(await listed({ pk, after: 'TAG#bb' })).toEqual(SOME.slice(3))
    expect(await listed({ pk, after: 'TAG#b', reverse: true })).toEqual(['TAG#a'])
    expect(await listed({ pk, sk: { prefix: 'TAG#' }, after: 'TAG#b' })).toEqual(SOME.slice(2, 4))
    expect(await listed({ pk, sk: { prefix: 'TAG#' }, after: 'TAG#bb', reverse: true })).toEqual([
      'TAG#b#1',
      'TAG#b',
      'TAG#a',
    ])
    const range = { from: 'TAG#a', to: 'TAG$' }
    expect(await listed({ pk, sk: range, after: 'TAG#c' })).toEqual(['TAG$'])
    expect(await listed({ pk, sk: range, after: 'TAG#b', reverse: true })).toEqual(['TAG#a'])
    expect(await listed({ pk, sk: range, after: 'TAG$' })).toEqual([])
  })

  guarantee('a query sees one partition only', async () => {
    const pk = await filled(['a'])
    await fill(subject.kv, `${pk}x`, ['b'])
    await fill(subject.kv, pk.slice(0, -1), ['c'])
    expect(await listed({ pk })).toEqual(['a'])
    expect(await listed({ pk: freshPartition() })).toEqual([])
  })

  guarantee('a query that asks outside its own range is refused', async () => {
    const pk = freshPartition()
    for (const query of [
      { pk, sk: { from: 'b', to: 'a' } },
      { pk, sk: { prefix: 'b' }, after: 'a' },
      { pk, sk: { from: 'b', to: 'c' }, after: 'd' },
      { pk, limit: 0 },
      { pk, limit: 1.5 },
    ]) {
      await expect(listed(query)).rejects.toThrow(RangeError)
    }
  })
}
