import { expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Kv } from '../../shared/ports.ts'
import { key } from '../../shared/table.ts'
import { imageJson, pushBlob, pushImage, putManifest } from '../support/app.ts'
import { createCollectedRegistry } from '../support/gc.ts'

const SUBJECT = imageJson('{}', ['one'])
const ABOUT = imageJson('{}', ['about'], {
  subject: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(SUBJECT),
    size: SUBJECT.length,
  },
})

/** Pushes a subject and what is about it, and deletes the subject; it is pushed again at the worker's first word of it. */
const comesBackAt = async (isMoment: (method: keyof Kv, calls: readonly unknown[]) => boolean) => {
  let moment: (() => Promise<void>) | undefined
  const happen = async (method: keyof Kv, ...args: readonly unknown[]): Promise<void> => {
    if (moment === undefined || !isMoment(method, args)) return
    const now = moment
    moment = undefined
    await now()
  }
  const world = createCollectedRegistry({
    worker: ({ kv }) => ({
      kv: {
        ...kv,
        query: async (query) => {
          await happen('query', query)
          return await kv.query(query)
        },
        transact: async (operations, token) => {
          await happen('transact', ...operations)
          return await kv.transact(operations, token)
        },
      },
    }),
  })
  const { ask, collect, registry } = world
  await pushImage(registry, 'p/a', 'v1', ['one'])
  await pushBlob(registry, 'p/a', 'about')
  expect((await putManifest(registry, 'p/a', digestOf(ABOUT), ABOUT)).status).toBe(201)
  expect(await ask(`p/a/manifests/${digestOf(SUBJECT)}`, 'DELETE')).toBe(202)
  moment = async () => {
    await pushImage(registry, 'p/a', 'v1', ['one'])
  }
  await collect(3)
  expect(moment).toBeUndefined()
  return world
}

/** Not the look whether there are any, which has a limit of one. */
const isReferrers = (query: unknown): boolean =>
  JSON.stringify(query).includes('"REFERRER#') && !JSON.stringify(query).includes('"limit":1,')
const isRemovalOf =
  (digest: string) =>
  (operation: unknown): boolean =>
    JSON.stringify(operation).includes('"delete"') &&
    JSON.stringify(operation).includes(`#${digest}","sk":"#"`)

it.each([
  [
    'before its referrers are listed',
    (method: keyof Kv, [query]: readonly unknown[]) => method === 'query' && isReferrers(query),
  ],
  [
    'when one of them is about to be collected',
    (method: keyof Kv, operations: readonly unknown[]) =>
      method === 'transact' && operations.some(isRemovalOf(digestOf(ABOUT))),
  ],
])('referrers stay when their subject comes back %s', async (_when, isMoment) => {
  const { ask, context, deleted, registry, troubles } = await comesBackAt(isMoment)
  expect(troubles).toEqual([])
  expect(deleted.filter(({ kind }) => kind === 'manifest')).toEqual([])
  expect(await ask(`p/a/manifests/${digestOf(ABOUT)}`)).toBe(200)
  const list = await registry.app.request(`/v2/p/a/referrers/${digestOf(SUBJECT)}`)
  expect(await list.json()).toMatchObject({ manifests: [{ digest: digestOf(ABOUT) }] })
  const { rid } = await context.repositories.forPush(parseRepositoryName('p/a'))
  const guard = await context.store.kv.get(key.manifest(rid, digestOf(ABOUT)), 'strong')
  expect(guard).toMatchObject({ state: 'LIVE' })
})
