import { expect } from 'vitest'
import { freshKey, token, type KvSubject } from './subject.ts'

export const updates = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('set, add and remove together change those attributes and no other', async () => {
    const key = freshKey()
    await subject.kv.write({ op: 'put', item: { ...key, kept: 'k', changed: 1, gone: 1, sum: 5 } })
    const outcome = await subject.kv.write({
      op: 'update',
      key,
      set: { changed: 'now text', added: true },
      add: { sum: -8, fresh: 3 },
      remove: ['gone', 'neverThere'],
    })
    expect(outcome).toBe('done')
    const item = await subject.kv.get(key, 'strong')
    expect(item).toEqual({ ...key, kept: 'k', changed: 'now text', added: true, sum: -3, fresh: 3 })
  })

  guarantee('an update creates an absent item', async () => {
    const key = freshKey()
    expect(await subject.kv.write({ op: 'update', key, set: { a: 'b' } })).toBe('done')
    expect(await subject.kv.get(key, 'strong')).toEqual({ ...key, a: 'b' })
  })

  guarantee('add on an absent item counts from 0 and creates it', async () => {
    const key = freshKey()
    await subject.kv.write({ op: 'update', key, add: { up: 2, down: -2, same: 0 } })
    expect(await subject.kv.get(key, 'strong')).toEqual({ ...key, up: 2, down: -2, same: 0 })
  })

  guarantee('add to what is no number is refused and changes nothing', async () => {
    const item = { ...freshKey(), text: 'five', count: 5 }
    await subject.kv.write({ op: 'put', item })
    const key = { pk: item.pk, sk: item.sk }
    await expect(
      subject.kv.write({ op: 'update', key, add: { count: 1, text: 1 } }),
    ).rejects.toThrow(RangeError)
    expect(await subject.kv.get(key, 'strong')).toEqual(item)
  })

  guarantee('an update whose condition does not hold is refused, whatever it adds to', async () => {
    const key = freshKey()
    await subject.kv.write({ op: 'put', item: { ...key, count: 'many' } })
    const conditions = [{ kind: 'equals', name: 'state', value: 'LIVE' }] as const
    const update = { op: 'update', key, add: { count: 1 }, conditions } as const
    expect(await subject.kv.write(update)).toBe('refused')
    const outcome = await subject.kv.transact([update], token())
    expect(outcome).toEqual({ done: false, reasons: ['condition'] })
  })

  guarantee('an update may not change a key, nor one attribute twice', async () => {
    const { kv } = subject
    const key = freshKey()
    for (const change of [
      { set: { pk: 'other' } },
      { remove: ['sk'] },
      { set: { a: 1 }, add: { a: 1 } },
      { add: { a: 1 }, remove: ['a'] },
    ]) {
      await expect(kv.write({ op: 'update', key, ...change })).rejects.toThrow(RangeError)
    }
    expect(await kv.get(key, 'strong')).toBeUndefined()
  })
}
