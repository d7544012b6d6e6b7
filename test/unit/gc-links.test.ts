import { expect, it } from 'vitest'
import type { Deleted } from '../../shared/gc/gc.ts'
import { reviewLinks } from '../../shared/gc/review-links.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Kv } from '../../shared/ports.ts'
import { readQuota } from '../../shared/quota/read.ts'
import { newLease } from '../../shared/registry/blobs/items.ts'
import { writeAll } from '../../shared/store/batch.ts'
import { key } from '../../shared/table.ts'
import { DEFAULT_TIMES } from '../../shared/tasks/times.ts'
import { pushBlob, pushImage } from '../support/app.ts'
import { createCollectedRegistry, DAY_MS } from '../support/gc.ts'

/** A project in which `gone` and `leased` are held by leases that are over, `held` by an image, and `absent` by nobody. */
const prepare = async () => {
  const { context, log, pass, registry } = createCollectedRegistry()
  const { store } = context
  for (const content of ['gone', 'leased']) await pushBlob(registry, 'p/a', content)
  await pushImage(registry, 'p/a', 'v1', ['held'])
  const repository = await context.repositories.forPush(parseRepositoryName('p/a'))
  const { pid, rid } = repository
  pass(2 * DAY_MS)
  const lease = (content: string) => key.lease(digestOf(content), repository)
  const taskOf = (content: string, of = {}) =>
    ({ type: 'LINK_REVIEW', digest: digestOf(content), pid, ...of }) as const
  const review = async (tasks: readonly ReturnType<typeof taskOf>[], kv: Kv = store.kv) => {
    const deleted: Deleted[] = []
    const over = { ...context, store: { ...store, kv } }
    const policyOf = () => ({ deleteUntagged: false, untaggedGrace: 0 })
    const run = async () => await Promise.resolve(1)
    const gc = { context: over, policyOf, run, deleted: (what: Deleted) => deleted.push(what) }
    return { outcomes: await reviewLinks(gc, tasks), deleted }
  }
  const renew = async (content: string): Promise<void> => {
    const { op, item } = newLease(store, digestOf(content), repository)
    await writeAll(store, [{ op, item }])
  }
  const deletesBlob = (content: string): unknown => ({
    again: store.clock.now() + DEFAULT_TIMES.pullGrace,
    task: { type: 'BLOB_DELETE', digest: digestOf(content), version: expect.any(String) as string },
  })
  const used = async () => (await readQuota(store, pid))?.usedBytes
  const get = async (content: string) =>
    await store.kv.get(key.link(digestOf(content), pid), 'strong')
  return { ...{ get, lease, log, deletesBlob, renew, review, rid, store, taskOf, used } }
}

it('links that nobody holds are collected, each once however many ask for it, and those that somebody holds stay', async () => {
  const { deletesBlob, get, log, review, rid, taskOf, used } = await prepare()
  const before = (await used()) ?? 0
  const { deleted, outcomes } = await review([
    taskOf('gone', { lease: rid }),
    taskOf('held'),
    taskOf('gone'),
    taskOf('absent'),
  ])
  // Its blob is looked at once, too; one that is not there needs nothing.
  expect(outcomes).toEqual([deletesBlob('gone'), 'done', 'done', 'done'])
  expect(await get('gone')).toBeUndefined()
  expect(await get('held')).toMatchObject({ state: 'LIVE' })
  expect(await used()).toBe(before - 'gone'.length)
  const line = { digest: digestOf('gone'), sizeBytes: 'gone'.length }
  expect(deleted).toEqual([expect.objectContaining({ kind: 'link', ...line })])
  expect(await log()).toEqual([expect.objectContaining({ what: 'link', ...line })])
})

it('a lease that was renewed has its link looked at when that one ends', async () => {
  const { get, lease, renew, review, rid, store, taskOf } = await prepare()
  await renew('leased')
  const { outcomes } = await review([taskOf('leased', { lease: rid })])
  expect(outcomes).toEqual([{ again: store.clock.now() + DAY_MS }])
  expect(await get('leased')).toMatchObject({ state: 'LIVE' })
  expect(await store.kv.get(lease('leased'), 'strong')).toBeDefined()
})

it('a lease that is renewed just when it is about to be removed stays', async () => {
  const { get, lease, renew, review, rid, store, taskOf } = await prepare()
  const kv: Kv = {
    ...store.kv,
    write: async (operation) => {
      if (operation.op === 'delete' && operation.key.sk === lease('leased').sk)
        await renew('leased')
      return await store.kv.write(operation)
    },
  }
  const { deleted, outcomes } = await review([taskOf('leased', { lease: rid }), taskOf('gone')], kv)
  expect(outcomes[0]).toEqual({ again: store.clock.now() + DAY_MS })
  expect(await get('leased')).toMatchObject({ state: 'LIVE' })
  expect(deleted).toHaveLength(1)
})

it('a link that a push rescues at the last moment stays', async () => {
  const { get, review, rid, store, taskOf } = await prepare()
  const kv: Kv = {
    ...store.kv,
    transact: async (operations, token) => {
      const [removal] = operations
      if (removal?.op !== 'delete') return await store.kv.transact(operations, token)
      await store.kv.write({
        ...{ op: 'update', key: removal.key },
        set: { state: 'LIVE', version: 'rescued' },
        conditions: [],
      })
      return await store.kv.transact(operations, token)
    },
  }
  const { deleted, outcomes } = await review([taskOf('gone', { lease: rid })], kv)
  expect(outcomes).toEqual(['done'])
  expect(deleted).toEqual([])
  expect(await get('gone')).toMatchObject({ state: 'LIVE', version: 'rescued' })
})
