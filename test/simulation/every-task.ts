import { bucketKey } from '../../shared/bucket.ts'
import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Item } from '../../shared/ports.ts'
import { deleteProject } from '../../shared/projects/delete.ts'
import { readProject } from '../../shared/projects/find.ts'
import { updateProject } from '../../shared/projects/update.ts'
import { deleteRepository } from '../../shared/repositories/delete.ts'
import { readListed } from '../../shared/repositories/find.ts'
import type { Deleted } from '../../shared/gc/gc.ts'
import { lineOf } from '../../shared/gc/log.ts'
import { writeAll } from '../../shared/store/batch.ts'
import { workOff } from '../../shared/gc/work.ts'
import { newBlob, parseBlob } from '../../shared/registry/blobs/items.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { key, SCHEMA_VERSION, type Incarnation, type ObjectId } from '../../shared/table.ts'
import { enqueue, type Task, type TaskType } from '../../shared/tasks/tasks.ts'
import { shortTimes } from '../../shared/tasks/times.ts'
import {
  createTestApp,
  imageJson,
  indexJson,
  pushBlob,
  putManifest as put,
} from '../support/app.ts'
import { pushThatDies } from '../support/gc.ts'
import { createCalmWorld, type CalmWorld } from './calm-world.ts'
import { createRegistry } from './registry.ts'
import { gcOf } from './worker.ts'

/** How long everything is left alone. */
export const GRACE_MS = 30 * 60_000
export const TIMES = shortTimes(GRACE_MS)

/** Every type of task; that there is no other one is for the compiler to say. */
export const TASK_TYPES = Object.keys({
  UPLOAD_REVIEW: true,
  UPLOAD_CLEANUP: true,
  INTENT_REVIEW: true,
  TOMBSTONE: true,
  LINK_REVIEW: true,
  BLOB_REVIEW: true,
  BLOB_DELETE: true,
  MANIFEST_REVIEW: true,
  LISTING_REVIEW: true,
  PARKED_REVIEW: true,
  REFERRERS_REVIEW: true,
  OBJECT_DELETE: true,
  REPOSITORY_DELETE: true,
  PROJECT_DELETE: true,
  LOG_DELETE: true,
  TRASH_END: true,
  HOLDER_REVIEW: true,
  STRAY_REVIEW: true,
  BLOB_REPAIR: true,
  MANIFEST_REPAIR: true,
} satisfies Readonly<Record<TaskType, true>>)

const FORGOTTEN_RUN = 1_000
const STRAY = 's'.repeat(26)
const LONELY = 'l'.repeat(26)
/** So large that it lies in the bucket. */
const LARGE = { annotations: { padding: Array.from({ length: 300 }, String).join() } }

const about = (json: string) => ({
  subject: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(json),
    size: Buffer.byteLength(json),
  },
})

/**
 * A registry with some of everything that leaves work for the collector, beside images that share blobs with it and are
 * to stay. Answers the world, and the manifests that stay.
 */
export const createEveryTask = async (): Promise<{
  readonly world: CalmWorld
  readonly kept: readonly Digest[]
}> => {
  const world = createCalmWorld(1)
  const collector = createRegistry(world.startProcess(), TIMES)
  const { context } = collector
  const registry = createTestApp({ context })
  const send = async (method: string, path: string, body = ''): Promise<string> => {
    const headers = { 'Content-Length': String(Buffer.byteLength(body)) }
    const response = await registry.app.request(path, {
      ...{ method, headers },
      ...(body === '' ? {} : { body: Buffer.from(body) }),
    })
    if (response.status >= 300) throw new Error(`${method} ${path}: ${await response.text()}`)
    return response.headers.get('Location') ?? ''
  }
  const sent = new Set<string>()
  /** As a client does, which sends no blob twice. */
  const image = async (
    name: string,
    reference: string,
    layers: readonly string[],
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<Digest> => {
    const missing = ['{}', ...layers].filter((content) => !sent.has(`${name} ${content}`))
    for (const content of missing) {
      await pushBlob(registry, name, content)
      sent.add(`${name} ${content}`)
    }
    const json = imageJson('{}', layers, extra)
    await put(registry, name, reference, json)
    return digestOf(json)
  }
  const forget = async (name: string, digest: string): Promise<void> => {
    await send('DELETE', `/v2/${name}/manifests/${digest}`)
  }

  // Stays: an image, a large one, an index of an image, and what is about the first.
  const first = imageJson('{}', ['shared', 'first'])
  const part = imageJson('{}', ['part'])
  const signature = digestOf(imageJson('{}', ['signature'], about(first)))
  const kept = [
    await image('p/kept', 'first', ['shared', 'first']),
    await image('p/kept', 'large', ['shared', 'large'], LARGE),
    await image('p/kept', digestOf(part), ['part']),
    await image('p/kept', signature, ['signature'], about(first)),
    digestOf(indexJson([part])),
  ]
  await put(registry, 'p/kept', 'index', indexJson([part]))

  // A subject, with what is about it: looked at while it was there.
  const subject = imageJson('{}', ['subject'])
  await image('p/a', 'subject', ['subject'])
  await image(
    'p/a',
    digestOf(imageJson('{}', ['about'], about(subject))),
    ['about'],
    about(subject),
  )
  const untagged = imageJson('{}', ['untagged'])
  await image('p/a', digestOf(untagged), ['untagged'])
  await workOff(gcOf(collector, undefined, false), {
    isStopped: () => false,
    troubled: () => undefined,
  })
  await forget('p/a', digestOf(subject))

  // Goes: an image whose manifest is deleted, one that lies in the bucket, one that an index let go of.
  await forget('p/a', await image('p/a', 'v1', ['shared', 'one']))
  await forget('p/a', await image('p/a', 'v2', ['two'], LARGE))
  const loose = imageJson('{}', ['loose'])
  await image('p/a', digestOf(loose), ['loose'])
  await put(registry, 'p/a', 'moved', indexJson([loose]))
  await image('p/a', 'moved', ['shared'])
  await send('DELETE', '/v2/p/a/manifests/moved')

  // An upload that was left, one that came in chunks, a blob that no manifest ever held.
  const left = await send('POST', '/v2/p/a/blobs/uploads/')
  await send('PATCH', left, 'left behind')
  const chunked = await send('POST', '/v2/p/a/blobs/uploads/')
  const chunks = 'comes in chunks that are parts'
  await send('PATCH', chunked, chunks)
  await send('PUT', `${chunked}?digest=${digestOf(chunks)}`)

  // A push that was never heard of again when it was about to commit.
  for (const content of ['{}', 'dying']) await pushBlob(registry, 'p/a', content)
  const dying = imageJson('{}', ['dying'], LARGE)
  await pushThatDies(context, 'p/a', digestOf(dying), dying)

  // A repository, and a project that is deleted with its only one.
  await image('q/gone', 'v1', ['shared', 'gone'])
  await put(registry, 'q/gone', 'index', indexJson([imageJson('{}', ['shared', 'gone'])]))

  // The log of a run that the history forgot.
  const forgotten: Deleted = { kind: 'blob', digest: digestOf('once'), sizeBytes: 4 }
  const { clock, ids } = context.store
  await writeAll(context.store, [
    ...Array.from({ length: 3 }, () => lineOf(context.store, FORGOTTEN_RUN, forgotten)),
    enqueue(ids, clock.now(), { type: 'LOG_DELETE', run: FORGOTTEN_RUN }),
  ])

  // A project that wants untagged manifests deleted from now on.
  const { project: changed } = parseRepositoryName('p/a')
  const metadata = { delete_untagged: 'true' }
  await updateProject(context.store, (await readProject(context.store, { name: changed })).pid, {
    metadata,
  })

  const { path, project } = parseRepositoryName('q/gone')
  const { pid } = await readProject(context.store, { name: project })
  const listed = await readListed(context.store, await readProject(context.store, { pid }), path)
  await deleteRepository(context, listed)
  await deleteProject(context.store, pid)
  await damage(world, context)
  return { world, kept }
}

/** Some of what audits find, with the tasks by which they have it mended; of what is to stay, too. */
const damage = async (world: CalmWorld, { repositories, store }: RegistryContext) => {
  const { clock, ids } = store
  const oid = STRAY as ObjectId
  world.bucket.put(bucketKey.object(oid), Buffer.from('stray'), true)
  const repository = await repositories.forPush(parseRepositoryName('p/kept'))
  const first = digestOf('first')
  const image = digestOf(imageJson('{}', ['shared', 'first']))
  const stray = key.blobRef(first, repository, digestOf('no manifest'), STRAY as Incarnation)
  world.table.set(stray, { ...stray, v: SCHEMA_VERSION })
  const isRef = ({ pk, sk }: Item): boolean =>
    pk === key.blob(first).pk && sk.includes(`#MANIFEST#${image}#`)
  for (const item of world.table.items()) if (isRef(item)) world.table.set(item, undefined)
  const owned = parseBlob(world.table.get(key.blob(first)) ?? stray).oid
  world.table.set(key.object(owned), undefined)
  const lonely = putLonely(world, clock.now())
  const found: readonly Task[] = [
    { type: 'BLOB_REVIEW', digest: lonely },
    { type: 'STRAY_REVIEW', oid },
    { type: 'HOLDER_REVIEW', holderPk: stray.pk, holderSk: stray.sk },
    { type: 'BLOB_REPAIR', digest: first, oid: owned },
    { type: 'MANIFEST_REPAIR', ...repository, digest: image },
  ]
  await writeAll(
    store,
    found.map((task) => enqueue(ids, clock.now(), task)),
  )
}

/** A blob, bytes and all, to which no project has a link. */
const putLonely = (world: CalmWorld, now: number): Digest => {
  const content = 'lonely'
  const [digest, oid] = [digestOf(content), LONELY as ObjectId]
  world.bucket.put(bucketKey.object(oid), Buffer.from(content), true)
  const { item } = newBlob(digest, { sizeBytes: content.length, oid }, LONELY, now)
  const owned = { v: SCHEMA_VERSION, state: 'OWN', version: LONELY, digest, updatedAt: now }
  world.table.set(item, item)
  world.table.set(key.object(oid), { ...key.object(oid), ...owned })
  return digest
}
