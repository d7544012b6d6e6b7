import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createGroupCommit } from '../../shared/embedded/group-commit.ts'
import { openTableFile, type TableFile } from '../../shared/embedded/table-file.ts'
import { withDirectory } from './fresh.ts'

const withTable = async (use: (table: TableFile) => Promise<void>): Promise<void> => {
  await withDirectory(async (directory) => {
    const table = openTableFile(join(directory, 'table'))
    try {
      await use(table)
    } finally {
      await table.close()
    }
  })
}

/** How often a transaction of the table was begun. */
const counted = (table: TableFile) => {
  const seen = { transactions: 0 }
  const watched = new Proxy(table, {
    get: (target, name) => {
      if (name === 'transaction') seen.transactions += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { seen, watched }
}

test('those that come together share a transaction, each with an answer of its own', async () => {
  await withTable(async (table) => {
    const { seen, watched } = counted(table)
    const commit = createGroupCommit(watched)
    const refused = new RangeError('no')
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: 100 },
        async (_, index) =>
          await commit(() => {
            if (index === 50) throw refused
            table.putSync(`p\0${index}`, { sk: String(index) })
            return index
          }, 1),
      ),
    )
    expect(seen.transactions).toBe(1)
    expect(outcomes[50]).toEqual({ status: 'rejected', reason: refused })
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(99)
    expect(outcomes[99]).toEqual({ status: 'fulfilled', value: 99 })
    expect(table.get('p\x0099')).toEqual({ sk: '99' })
    expect(table.get('p\x0050')).toBeUndefined()
  })
})

test('what is too heavy for one transaction goes on in the next, in order', async () => {
  await withTable(async (table) => {
    const { seen, watched } = counted(table)
    const commit = createGroupCommit(watched)
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await commit(() => order.push(index), 200)
      }),
    )
    expect(order).toEqual(Array.from({ length: 12 }, (_, index) => index))
    expect(seen.transactions).toBe(3)
    // One that is too heavy by itself is not left for ever.
    await commit(() => order.push(12), 10_000)
    expect(order).toHaveLength(13)
  })
})

test('all that wait are told when no transaction can be had', async () => {
  await withTable(async (table) => {
    const broken = new Proxy(table, {
      get: (target, name) => {
        if (name === 'transaction') return async () => await Promise.reject(new Error('broken'))
        return Reflect.get(target, name) as unknown
      },
    })
    const commit = createGroupCommit(broken)
    const outcomes = await Promise.allSettled([commit(() => 1, 1), commit(() => 2, 1)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const again = await Promise.allSettled([commit(() => 3, 1)])
    expect(again).toMatchObject([{ status: 'rejected', reason: { message: 'broken' } }])
  })
})
