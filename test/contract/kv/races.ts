import { expect } from 'vitest'
import type { TransactOperation } from '../../../shared/ports.ts'
import { freshKey, token, type KvSubject } from './subject.ts'

const CONTENDERS = 50

const contend = async <T>(attempt: (index: number) => Promise<T>): Promise<readonly T[]> =>
  await Promise.all(Array.from({ length: CONTENDERS }, async (_, index) => await attempt(index)))

const count = <T>(list: readonly T[], wanted: T): number =>
  list.filter((one) => one === wanted).length

/** Asks again while another write holds the item. */
const settled = async <T>(attempt: () => Promise<T | 'conflict'>): Promise<T> => {
  for (;;) {
    const outcome = await attempt()
    if (outcome !== 'conflict') return outcome
  }
}

export const races = (subject: KvSubject): void => {
  const { guarantee } = subject

  guarantee('of 50 writers that create one item exactly one wins, and it is its item', async () => {
    const { kv } = subject
    const key = freshKey()
    const outcomes = await contend(
      async (by) =>
        await settled(
          async () =>
            await kv.write({ op: 'put', item: { ...key, by }, conditions: [{ kind: 'absent' }] }),
        ),
    )
    expect(count(outcomes, 'done')).toBe(1)
    expect(count(outcomes, 'refused')).toBe(CONTENDERS - 1)
    expect(await kv.get(key, 'strong')).toEqual({ ...key, by: outcomes.indexOf('done') })
  })

  guarantee('of 50 writers that swap one version exactly one wins', async () => {
    const { kv } = subject
    const key = freshKey()
    await kv.write({ op: 'put', item: { ...key, version: 'old' } })
    const outcomes = await contend(
      async (by) =>
        await settled(
          async () =>
            await kv.write({
              op: 'update',
              key,
              set: { version: `new ${by}` },
              conditions: [{ kind: 'equals', name: 'version', value: 'old' }],
            }),
        ),
    )
    expect(count(outcomes, 'done')).toBe(1)
    const winner = outcomes.indexOf('done')
    expect(await kv.get(key, 'strong')).toEqual({ ...key, version: `new ${winner}` })
  })

  guarantee('50 additions lose none', async () => {
    const { kv } = subject
    const key = freshKey()
    await contend(
      async () => await settled(async () => await kv.write({ op: 'update', key, add: { n: 1 } })),
    )
    expect(await kv.get(key, 'strong')).toEqual({ ...key, n: CONTENDERS })
  })

  guarantee('what is shared out under a condition is never shared out twice', async () => {
    const { kv } = subject
    const key = freshKey()
    await kv.write({ op: 'put', item: { ...key, available: 20 } })
    const outcomes = await contend(
      async () =>
        await settled(
          async () =>
            await kv.write({
              op: 'update',
              key,
              add: { available: -3 },
              conditions: [{ kind: 'atLeast', name: 'available', value: 3 }],
            }),
        ),
    )
    expect(count(outcomes, 'done')).toBe(6)
    expect(await kv.get(key, 'strong')).toEqual({ ...key, available: 2 })
  })

  guarantee('transactions and single writes on one item exclude each other', async () => {
    const { kv } = subject
    const [guard, child] = [freshKey(), freshKey()]
    const operations = (by: number): readonly TransactOperation[] => [
      { op: 'put', item: { ...guard, by }, conditions: [{ kind: 'absent' }] },
      { op: 'put', item: { ...child, by } },
    ]
    const byTransaction = async (by: number): Promise<'done' | 'refused' | 'conflict'> => {
      const outcome = await kv.transact(operations(by), token())
      if (outcome.done) return 'done'
      return outcome.reasons.includes('condition') ? 'refused' : 'conflict'
    }
    const outcomes = await contend(
      async (by) =>
        await settled(async () =>
          by % 2 === 0
            ? await byTransaction(by)
            : await kv.write({
                op: 'put',
                item: { ...guard, by },
                conditions: [{ kind: 'absent' }],
              }),
        ),
    )
    expect(count(outcomes, 'done')).toBe(1)
    const by = outcomes.indexOf('done')
    expect(await kv.get(guard, 'strong')).toEqual({ ...guard, by })
    const expected = by % 2 === 0 ? { ...child, by } : undefined
    expect(await kv.get(child, 'strong')).toEqual(expected)
  })

  guarantee('transactions over the same items in opposite order all come to an end', async () => {
    const { kv } = subject
    const [left, right] = [freshKey(), freshKey()]
    const addTo = (...keys: readonly (typeof left)[]): readonly TransactOperation[] =>
      keys.map((key) => ({ op: 'update', key, add: { n: 1 } }))
    await contend(
      async (by) =>
        await settled(async () => {
          const operations = by % 2 === 0 ? addTo(left, right) : addTo(right, left)
          return (await kv.transact(operations, token())).done ? 'done' : 'conflict'
        }),
    )
    expect(await kv.get(left, 'strong')).toEqual({ ...left, n: CONTENDERS })
    expect(await kv.get(right, 'strong')).toEqual({ ...right, n: CONTENDERS })
  })
}
