import { expect, it } from 'vitest'
import { newGuard } from '../../shared/guards/guard.ts'
import { condemn, removal } from '../../shared/guards/collect.ts'
import { protect } from '../../shared/guards/protect.ts'
import type { Kv } from '../../shared/ports.ts'
import { createTestStore } from '../support/domain.ts'

const GUARD_KEY = { pk: 'p', sk: '#' }

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
  expect((await protect(store, [GUARD_KEY])).held).toBe(true)
  expect(await end()).toBe(false)
  expect(await store.kv.get(GUARD_KEY, 'strong')).toMatchObject({ state: 'LIVE' })
})

it('a trial is over when its guard was rescued and is on trial again', async () => {
  const { end, store } = await onTrial()
  await protect(store, [GUARD_KEY])
  await condemn(store, GUARD_KEY)
  expect(await end()).toBe(false)
})

it('a guard that goes while it is being rescued is protected by nobody', async () => {
  const { end, store } = await onTrial()
  let isOver = false
  const kv: Kv = {
    ...store.kv,
    write: async (operation) => {
      // The rescue comes when the trial has just ended.
      isOver ||= await end()
      return await store.kv.write(operation)
    },
  }
  const { absent, guards, held } = await protect({ ...store, kv }, [GUARD_KEY])
  expect([isOver, held, absent]).toEqual([true, false, [GUARD_KEY]])
  expect(guards.get(GUARD_KEY)).toBeUndefined()
})
