import { expect, it } from 'vitest'
import { newGuard } from '../../shared/guards/guard.ts'
import { guardOfBlob } from '../../shared/guards/guarded.ts'
import { resumeEach } from '../../shared/guards/collect-each.ts'
import { condemn, examine, removal } from '../../shared/guards/collect.ts'
import { protect } from '../../shared/guards/protect.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import type { Kv } from '../../shared/ports.ts'
import { queryAll } from '../../shared/store/query.ts'
import type { Store } from '../../shared/store/store.ts'
import { taskShards } from '../../shared/table.ts'
import { createTestStore } from '../support/domain.ts'

const GUARDED = guardOfBlob(digestOf(Buffer.from('a blob')))
const GUARD_KEY = GUARDED.key

const onTrial = async () => {
  const store = createTestStore()
  await store.kv.write({ op: 'put', item: { ...GUARD_KEY, ...newGuard(store.ids.next()) } })
  const guard = await condemn(store, GUARD_KEY)
  if (guard === undefined) throw new Error('the guard is gone')
  const end = async () => (await store.kv.transact([removal(guard)], store.ids.next())).done
  return { store, end }
}

it('a trial that nobody disturbed ends with the removal of its guard', async () => {
  const { end } = await onTrial()
  expect(await end()).toBe(true)
})

it('a trial is over when a push has rescued its guard, however late its end comes', async () => {
  const { end, store } = await onTrial()
  expect((await protect(store, [GUARDED])).held).toBe(true)
  expect(await end()).toBe(false)
  expect(await store.kv.get(GUARD_KEY, 'strong')).toMatchObject({ state: 'LIVE' })
})

it('a trial is over when its guard was rescued and is on trial again', async () => {
  const { end, store } = await onTrial()
  await protect(store, [GUARDED])
  await condemn(store, GUARD_KEY)
  expect(await end()).toBe(false)
})

it('a guard that goes while it is being rescued is protected by nobody', async () => {
  const { end, store } = await onTrial()
  let isOver = false
  const kv: Kv = {
    ...store.kv,
    transact: async (operations, token) => {
      // The rescue comes when the trial has just ended.
      isOver ||= await end()
      return await store.kv.transact(operations, token)
    },
  }
  const { absent, guards, held } = await protect({ ...store, kv }, [GUARDED])
  expect([isOver, held, absent]).toEqual([true, false, [GUARDED]])
  expect(guards.get(GUARD_KEY)).toBeUndefined()
})

const HOLDERS = { pk: GUARD_KEY.pk, prefix: 'h', holds: () => true } as const
const HOLDER = { pk: GUARD_KEY.pk, sk: 'h1' } as const

const resume = async (store: Store, version: string) =>
  (await resumeEach(store, [{ key: GUARD_KEY, version, holders: HOLDERS }]))[0]?.outcome

/** A review that saw a holder, which goes before the review can say so; another review runs in between. */
const reviewedTwice = async () => {
  const store = createTestStore()
  await store.kv.write({ op: 'put', item: { ...GUARD_KEY, ...newGuard(store.ids.next()) } })
  await store.kv.write({ op: 'put', item: HOLDER })
  const second: { examined?: Awaited<ReturnType<typeof examine>> } = {}
  const kv: Kv = {
    ...store.kv,
    query: async (query) => {
      const seen = await store.kv.query(query)
      await store.kv.write({ op: 'delete', key: HOLDER })
      second.examined = await examine(store, GUARD_KEY, HOLDERS)
      return seen
    },
  }
  // Overruled, it looks once more.
  expect((await examine({ ...store, kv }, GUARD_KEY, HOLDERS)).outcome).toBe('empty')
  if (second.examined?.outcome !== 'empty') throw new Error('the holder was seen again')
  return { store, guard: second.examined.guard }
}

it('a holder that was seen before it went does not undo the trial that began when it was gone', async () => {
  const { guard, store } = await reviewedTwice()
  expect((await store.kv.transact([removal(guard)], store.ids.next())).done).toBe(true)
})

it('a held guard does not stay condemned when the process that looked at it last is gone', async () => {
  const store = createTestStore()
  await store.kv.write({ op: 'put', item: { ...GUARD_KEY, ...newGuard(store.ids.next()) } })
  await store.kv.write({ op: 'put', item: HOLDER })
  let others = 0
  const kv: Kv = {
    ...store.kv,
    query: async (query) => {
      const seen = await store.kv.query(query)
      // Another worker on the same task takes the say, twice, and dies each time.
      if (others < 2) await condemn(store, GUARD_KEY)
      others += 1
      return seen
    },
  }
  expect(await examine({ ...store, kv }, GUARD_KEY, HOLDERS)).toEqual({ outcome: 'held' })
  expect(others).toBe(3)
  expect(await store.kv.get(GUARD_KEY, 'strong')).toMatchObject({ state: 'LIVE' })
})

it('a trial that waited goes on, whoever else has looked meanwhile', async () => {
  const { guard, store } = await reviewedTwice()
  await condemn(store, GUARD_KEY)
  expect(await resume(store, guard.version)).toBe('empty')
  expect((await store.kv.transact([removal(guard)], store.ids.next())).done).toBe(true)
  expect(await resume(store, guard.version)).toBe('absent')
})

it('a trial that waited is over when somebody holds its guard by now, or has rescued it', async () => {
  const { guard, store } = await reviewedTwice()
  await store.kv.write({ op: 'put', item: HOLDER })
  expect(await resume(store, guard.version)).toBe('held')
  expect(await store.kv.get(GUARD_KEY, 'strong')).toMatchObject({ state: 'LIVE' })
  expect(await resume(store, guard.version)).toBe('absent')
})

it('a push rescues a guard that one review after the other looks at', async () => {
  const { store } = await reviewedTwice()
  const kv: Kv = {
    ...store.kv,
    transact: async (operations, token) => {
      await condemn(store, GUARD_KEY)
      return await store.kv.transact(operations, token)
    },
  }
  expect((await protect({ ...store, kv }, [GUARDED])).held).toBe(true)
  expect(await store.kv.get(GUARD_KEY, 'strong')).toMatchObject({ state: 'LIVE' })
})

it('a push that rescues a guard when its hold has gone already has it looked at once more', async () => {
  const { store } = await onTrial()
  expect((await protect(store, [GUARDED])).held).toBe(true)
  const shards = taskShards().map(async (pk) => await queryAll(store, { pk, read: 'strong' }))
  const tasks = (await Promise.all(shards)).flat()
  expect(tasks).toEqual([expect.objectContaining(GUARDED.review)])
})
