import { expect } from 'vitest'
import type { TransactOperation } from '../../../shared/ports.ts'
import { freshKey, freshPartition, reasonsOf, token, type KvSubject } from './subject.ts'

const MAX_OPERATIONS = 100

const puts = (count: number): readonly TransactOperation[] => {
  const pk = freshPartition()
  return Array.from({ length: count }, (_, index) => ({
    op: 'put',
    item: { pk, sk: String(index), index },
  }))
}

export const transactions = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('put, update, delete and check are done together', async () => {
    const { kv } = subject
    const [put, update, remove, check] = [freshKey(), freshKey(), freshKey(), freshKey()]
    for (const key of [update, remove, check]) await kv.write({ op: 'put', item: { ...key, n: 1 } })
    const outcome = await kv.transact(
      [
        { op: 'put', item: { ...put, n: 1 }, conditions: [{ kind: 'absent' }] },
        { op: 'update', key: update, add: { n: 1 }, set: { s: 't' } },
        { op: 'delete', key: remove, conditions: [{ kind: 'exists' }] },
        { op: 'check', key: check, conditions: [{ kind: 'equals', name: 'n', value: 1 }] },
      ],
      token(),
    )
    expect(outcome).toEqual({ done: true })
    expect(await kv.get(put, 'strong')).toEqual({ ...put, n: 1 })
    expect(await kv.get(update, 'strong')).toEqual({ ...update, n: 2, s: 't' })
    expect(await kv.get(remove, 'strong')).toBeUndefined()
    expect(await kv.get(check, 'strong')).toEqual({ ...check, n: 1 })
  })

  guarantee(
    'one condition that fails undoes all, with a reason per operation in order',
    async () => {
      const { kv } = subject
      const [first, second, third, fourth] = [freshKey(), freshKey(), freshKey(), freshKey()]
      await kv.write({ op: 'put', item: { ...second, n: 1 } })
      const outcome = await kv.transact(
        [
          { op: 'put', item: first },
          { op: 'put', item: second, conditions: [{ kind: 'absent' }] },
          { op: 'update', key: third, set: { a: 1 } },
          { op: 'check', key: fourth, conditions: [{ kind: 'exists' }] },
        ],
        token(),
      )
      expect(reasonsOf(outcome)).toEqual([undefined, 'condition', undefined, 'condition'])
      expect(await kv.get(first, 'strong')).toBeUndefined()
      expect(await kv.get(second, 'strong')).toEqual({ ...second, n: 1 })
      expect(await kv.get(third, 'strong')).toBeUndefined()
    },
  )

  guarantee('a change that its item cannot take is an error, beside a refusal too', async () => {
    const { kv } = subject
    const [text, other, absent] = [freshKey(), freshKey(), freshKey()]
    await kv.write({ op: 'put', item: { ...text, n: 'one' } })
    const add: TransactOperation = { op: 'update', key: text, add: { n: 1 } }
    const put: TransactOperation = { op: 'put', item: other }
    const refused: TransactOperation = {
      op: 'check',
      key: absent,
      conditions: [{ kind: 'exists' }],
    }
    for (const operations of [
      [put, add],
      [put, add, refused],
      [put, refused, add],
    ]) {
      await expect(kv.transact(operations, token())).rejects.toThrow(RangeError)
    }
    expect(await kv.get(text, 'strong')).toEqual({ ...text, n: 'one' })
    expect(await kv.get(other, 'strong')).toBeUndefined()
  })

  guarantee('100 operations are done, 101 and none are refused', async () => {
    const { kv } = subject
    const operations = puts(MAX_OPERATIONS)
    expect(await kv.transact(operations, token())).toEqual({ done: true })
    for (const operation of operations) {
      if (operation.op !== 'put') continue
      expect(await kv.get(operation.item, 'strong')).toEqual(operation.item)
    }
    await expect(kv.transact(puts(MAX_OPERATIONS + 1), token())).rejects.toThrow(RangeError)
    await expect(kv.transact([], token())).rejects.toThrow(RangeError)
  })

  guarantee('the last of 100 conditions counts as the first does', async () => {
    const { kv } = subject
    const operations = puts(MAX_OPERATIONS - 1)
    const refused = await kv.transact(
      [...operations, { op: 'check', key: freshKey(), conditions: [{ kind: 'exists' }] }],
      token(),
    )
    expect(reasonsOf(refused).indexOf('condition')).toBe(MAX_OPERATIONS - 1)
    const pk = operations[0]?.op === 'put' ? operations[0].item.pk : ''
    expect((await kv.query({ pk, read: 'strong' })).items).toEqual([])
  })

  guarantee('two operations on one key are refused, and nothing is done', async () => {
    const key = freshKey()
    for (const second of [
      { op: 'delete', key },
      { op: 'check', key, conditions: [{ kind: 'absent' }] },
    ] as const) {
      await expect(
        subject.kv.transact([{ op: 'put', item: key }, second], token()),
      ).rejects.toThrow(RangeError)
    }
    expect(await subject.kv.get(key, 'strong')).toBeUndefined()
  })

  guarantee('more than 4 MB together are refused', async () => {
    const pk = freshPartition()
    const text = 'x'.repeat(390_000)
    const operations = Array.from({ length: 11 }, (_, index) => ({
      op: 'put' as const,
      item: { pk, sk: String(index), text },
    }))
    await expect(subject.kv.transact(operations, token())).rejects.toThrow(RangeError)
    expect((await subject.kv.query({ pk, limit: 1, read: 'strong' })).items).toEqual([])
    expect(await subject.kv.transact(operations.slice(1), token())).toEqual({ done: true })
  })

  guarantee('a second call with the same token writes nothing more', async () => {
    const { kv } = subject
    const key = freshKey()
    const once = token()
    const operations: readonly TransactOperation[] = [
      { op: 'update', key, add: { n: 1 }, conditions: [{ kind: 'absent' }] },
    ]
    expect(await kv.transact(operations, once)).toEqual({ done: true })
    expect(await kv.transact(operations, once)).toEqual({ done: true })
    expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 1 })
    expect(reasonsOf(await kv.transact(operations, token()))).toEqual(['condition'])
  })

  guarantee('a refused transaction may be tried again under its token', async () => {
    const { kv } = subject
    const key = freshKey()
    const again = token()
    const operations: readonly TransactOperation[] = [
      { op: 'update', key, add: { n: 1 }, conditions: [{ kind: 'exists' }] },
    ]
    expect(reasonsOf(await kv.transact(operations, again))).toEqual(['condition'])
    await kv.write({ op: 'put', item: key })
    expect(await kv.transact(operations, again)).toEqual({ done: true })
    expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 1 })
  })

  guarantee('a token of any length serves, and long ones are told apart', async () => {
    const { kv } = subject
    const key = freshKey()
    const long = `${'t'.repeat(60)}${token()}`
    for (const each of [`${long}-1`, `${long}-2`]) {
      expect(await kv.transact([{ op: 'update', key, add: { n: 1 } }], each)).toEqual({
        done: true,
      })
    }
    expect(await kv.get(key, 'strong')).toEqual({ ...key, n: 2 })
  })
}
