import { DomainError } from '../../shared/errors.ts'
import type { World } from '../../shared/memory/world.ts'
import { digestOf, parseDigest, type Digest } from '../../shared/oci/digest.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import type { Manifest } from '../../shared/oci/manifest.ts'
import { fullName, type RepositoryName } from '../../shared/oci/name.ts'
import { parseTag, type Reference, type Tag } from '../../shared/oci/reference.ts'
import { PortError } from '../../shared/ports.ts'
import { readProject } from '../../shared/projects/find.ts'
import { deleteBlob } from '../../shared/registry/blobs/delete.ts'
import { findBlob, findBlobToPush } from '../../shared/registry/blobs/find.ts'
import { mountBlob } from '../../shared/registry/blobs/mount.ts'
import { deleteManifest } from '../../shared/registry/manifests/delete.ts'
import { putManifest } from '../../shared/registry/manifests/put.ts'
import { deleteTag } from '../../shared/registry/manifests/untag.ts'
import { appendToUpload } from '../../shared/registry/uploads/append.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import { completeUpload } from '../../shared/registry/uploads/complete.ts'
import { beginDirectUpload } from '../../shared/registry/uploads/direct/begin.ts'
import { finishDirectUpload } from '../../shared/registry/uploads/direct/finish.ts'
import { partCount } from '../../shared/registry/uploads/direct/plan.ts'
import { findDirectUpload } from '../../shared/registry/uploads/direct/session.ts'
import { signParts, signWhole } from '../../shared/registry/uploads/direct/sign.ts'
import { verifyDirectUpload } from '../../shared/registry/uploads/direct/verify.ts'
import { startUpload } from '../../shared/registry/uploads/start.ts'
import { openUpload } from '../../shared/registry/uploads/upload.ts'
import { deleteRepository } from '../../shared/repositories/delete.ts'
import { readListed } from '../../shared/repositories/find.ts'
import {
  TRASH_ENTRIES,
  key,
  trashOf,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../../shared/table.ts'
import { undelete } from '../../shared/trash/undelete.ts'
import { BLOBS, image, index, type Built } from './contents.ts'
import { bytesIn, parsed } from './invariants.ts'
import type { Ledger, Operation } from './ledger.ts'
import { REPOSITORIES, type Registry } from './registry.ts'

export type Story = {
  readonly world: World
  readonly ledger: Ledger
  /** Deletes of manifests under way, with the tags that they may take along. */
  readonly deletes: Set<{ readonly manifest: string; readonly tags: Operation[] }>
  /** Deletes of whole repositories under way, with the names that they may take along. */
  readonly removals: Set<{ readonly repository: string; readonly names: Operation[] }>
  /** When a repository was deleted last; for ever, while that is under way, or nobody knows. */
  readonly removedAt: Map<string, number>
  /** Blobs that clients asked to delete, by repository: a HEAD promises nothing about those. */
  readonly deletedBlobs: Set<string>
  /** Manifests that were pushed about others: they may go when what they are about has gone. */
  readonly referrers: Set<Digest>
  /** Whether manifests may go when neither a tag nor an index holds them. */
  readonly deletesUntagged: boolean
  /** Whether clients mostly pull blobs, and delete them. */
  readonly pullsMuch: boolean
  /** Whether clients mostly delete images and bring them back. */
  readonly undeletesMuch: boolean
  /** Whether clients mostly push and delete indexes, and tag their parts. */
  readonly indexesMuch: boolean
  /** Until when objects are to stay that a reader was given a URL of; absent where nobody leaves them alone at all. */
  readonly pulls: Map<ObjectId, number> | undefined
  readonly pullPromiseMs: number
  /** What audits took for garbage that no task would find. */
  readonly leaked: string[]
  /** Promises that were broken; there must be none. */
  readonly broken: string[]
  /** What was acknowledged, counted by kind: a story in which nothing succeeds proves nothing. */
  readonly done: Map<string, number>
  /** A blob that was there when asked for stays for so long. */
  readonly headPromiseMs: number
}

export const manifestName = (name: RepositoryName, digest: Digest): string =>
  `manifest ${fullName(name)} ${digest}`
export const tagName = (name: RepositoryName, tag: string): string => `tag ${fullName(name)} ${tag}`

const TAGS = ['x', 'y'].map(parseTag)
const PRESENT = 'present'

/** One client: does one thing after the other, as chance has it, until its process is gone. */
export const runClient = async (story: Story, registry: Registry): Promise<void> => {
  const { random } = story.world
  for (;;) {
    const name = random.pick(REPOSITORIES)
    const action = random.pick(actionsOf(story))
    if (name === undefined || action === undefined) return
    try {
      await action(story, registry, name)
    } catch (error) {
      // A client is told no, or that nobody knows; both are answers. Anything else is a bug.
      if (!ANSWERS.some((kind) => error instanceof kind)) {
        story.broken.push(`a client was answered ${String(error)}`)
      }
    }
  }
}

const ANSWERS = [RegistryError, DomainError, PortError]

type Action = (story: Story, registry: Registry, name: RepositoryName) => Promise<void>

const count = (story: Story, kind: string): void => {
  story.done.set(kind, (story.done.get(kind) ?? 0) + 1)
}

const stream = async function* (bytes: Uint8Array): Batches {
  await Promise.resolve()
  yield [bytes]
}

/** Uploads a blob in one request, or in two chunks, or streams it and finishes with an empty request. */
const upload = async (
  story: Story,
  { context, hashing }: Registry,
  name: RepositoryName,
  bytes: Uint8Array,
): Promise<void> => {
  const { random } = story.world
  const digest = digestOf(bytes)
  const session = await startUpload(context, name, 'sha256')
  const cut = random.pick([0, random.below(bytes.byteLength + 1), bytes.byteLength]) ?? 0
  if (cut > 0) {
    const first = bytes.subarray(0, cut)
    const current = await openUpload(context, name, session.oid)
    await appendToUpload(context, hashing, current, { bytes: stream(first), start: 0 })
  }
  const current = await openUpload(context, name, session.oid)
  const rest = bytes.subarray(cut)
  const body = rest.byteLength === 0 ? undefined : { bytes: stream(rest) }
  await completeUpload(context, hashing, current, digest, body)
  count(story, 'upload')
}

/**
 * Uploads a blob by signed URLs, at once or in parts, some of them twice; now and then with bytes that are not the ones
 * it speaks of, which must never become a blob.
 */
const uploadDirectly = async (
  story: Story,
  registry: Registry,
  name: RepositoryName,
  bytes: Uint8Array,
): Promise<void> => {
  const { context, hashing, process } = registry
  const { random } = story.world
  const digest = digestOf(bytes)
  const wish = random.pick(['single', 'parts', undefined] as const)
  const begun = await beginDirectUpload(context, name, {
    ...{ digest, sizeBytes: bytes.byteLength },
    ...(wish === undefined ? {} : { wish }),
  })
  if (begun.kind === 'present') return
  const { upload } = begun
  const isLie = random.chance(0.1)
  const sent = isLie ? bytes.map((byte) => byte ^ 1) : bytes
  const numbers = Array.from({ length: partCount(upload.direct) }, (_, index) => index + 1)
  const isOpen = upload.direct.phase === 'open'
  const whole = await signWhole(context, upload)
  if (whole !== undefined) await process.send(whole.method, whole.url, sent)
  if (numbers.length > 0 && isOpen) {
    for (const { offset, request, sizeBytes } of await signParts(context, upload, numbers)) {
      const part = sent.subarray(offset, offset + sizeBytes)
      await process.send(request.method, request.url, part)
      if (random.chance(0.1)) await process.send(request.method, request.url, part)
    }
  }
  for (;;) {
    const now = await findDirectUpload(context, name, upload.oid)
    if ((await finishDirectUpload(context, now)) === 'done') break
    // Somebody else may be reading it, too; each reads a few pieces at a time.
    let pieces = random.below(3)
    await verifyDirectUpload(context, hashing, upload.oid, () => pieces-- > 0)
    await process.clock.sleep(random.below(50))
  }
  count(story, numbers.length > 0 ? 'uploadInParts' : 'uploadAtOnce')
}

/** What an ordinary client does before it pushes a manifest: asks for each blob, and sends those that are missing. */
const ensureBlobs = async (
  story: Story,
  registry: Registry,
  name: RepositoryName,
  blobs: readonly Uint8Array[],
): Promise<void> => {
  for (const bytes of blobs) {
    try {
      await findBlobToPush(registry.context, name, digestOf(bytes))
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const way = story.world.random.chance(0.3) ? uploadDirectly : upload
      await way(story, registry, name, bytes)
    }
  }
}

const put = async (
  story: Story,
  { context }: Registry,
  name: RepositoryName,
  { bytes, digest }: Built,
): Promise<void> => {
  const { random } = story.world
  const tag = random.chance(0.8) ? random.pick(TAGS) : undefined
  const reference: Reference = tag === undefined ? { kind: 'digest', digest } : { kind: 'tag', tag }
  await bind(story, name, { digest, tag }, async () => {
    await putManifest(context, name, { reference, tags: [], bytes, contentType: undefined })
    count(story, 'put')
  })
}

type Bound = { readonly digest: Digest; readonly tag: Tag | undefined }

/** Whoever does this is promised that the manifest is there, and the tag leads to it. */
const bind = async (
  story: Story,
  name: RepositoryName,
  { digest, tag }: Bound,
  run: () => Promise<void>,
): Promise<void> => {
  const manifest = manifestName(name, digest)
  const operations = [story.ledger.begin(manifest, PRESENT)]
  for (const { names, repository } of story.removals) {
    if (repository !== fullName(name)) continue
    names.push(story.ledger.begin(manifest, undefined))
    if (tag !== undefined) names.push(story.ledger.begin(tagName(name, tag), undefined))
  }
  if (tag !== undefined) {
    operations.push(story.ledger.begin(tagName(name, tag), digest))
    for (const each of story.deletes) {
      if (each.manifest === manifest)
        each.tags.push(story.ledger.begin(tagName(name, tag), undefined))
    }
  }
  try {
    await run()
    for (const operation of operations) operation.acknowledge()
  } catch (error) {
    const isRefusal = error instanceof RegistryError && error.status < 500
    for (const operation of operations) {
      if (isRefusal || error instanceof DomainError) operation.refuse()
      else operation.abandon()
    }
    throw error
  }
}

const someBlobs = ({ world: { random } }: Story): readonly Uint8Array[] =>
  BLOBS.filter(() => random.chance(0.5))

const pushImage: Action = async (story, registry, name) => {
  const blobs = someBlobs(story)
  const { clock } = registry.process
  const started = clock.now()
  const content = image(blobs)
  const used = blobs.length === 0 ? [Buffer.alloc(0)] : blobs
  await ensureBlobs(story, registry, name, used)
  try {
    await put(story, registry, name, content)
  } catch (error) {
    const isUnknown = error instanceof RegistryError && error.code === 'MANIFEST_BLOB_UNKNOWN'
    const wasDeleted = used.some((bytes) =>
      story.deletedBlobs.has(`${fullName(name)} ${digestOf(bytes)}`),
    )
    const wasRemoved = (story.removedAt.get(fullName(name)) ?? 0) >= started
    if (isUnknown && !wasDeleted && !wasRemoved && clock.now() - started < story.headPromiseMs) {
      story.broken.push(
        `I8: a blob that was there is unknown within the hour: ${JSON.stringify(error.detail)}`,
      )
    }
    throw error
  }
}

const pushReferrer: Action = async (story, registry, name) => {
  const blobs = [Buffer.from('{}')]
  await ensureBlobs(story, registry, name, blobs)
  const referrer = image(blobs, image(someBlobs(story)))
  story.referrers.add(referrer.digest)
  await put(story, registry, name, referrer)
}

/** The blobs of the images that indexes are made of. */
const PARTS = [BLOBS.slice(1, 2), BLOBS.slice(1, 3)]
const INDEX = index(PARTS.map((blobs) => image(blobs)))

const pushPart = async (
  story: Story,
  registry: Registry,
  name: RepositoryName,
  blobs: readonly Uint8Array[],
): Promise<void> => {
  await ensureBlobs(story, registry, name, blobs)
  await put(story, registry, name, image(blobs))
}

const pushIndex: Action = async (story, registry, name) => {
  for (const blobs of PARTS) await pushPart(story, registry, name, blobs)
  await put(story, registry, name, INDEX)
}

const mount: Action = async (story, { context }, name) => {
  const { random } = story.world
  const from = random.chance(0.5) ? random.pick(REPOSITORIES) : undefined
  const bytes = random.pick(BLOBS) ?? Buffer.alloc(0)
  const blob = await mountBlob(context, name, digestOf(bytes), from, {
    from: () => true,
    fromAll: () => true,
  })
  if (blob !== undefined) count(story, 'mount')
}

const abandonUpload: Action = async (_story, { context, hashing }, name) => {
  const session = await startUpload(context, name, 'sha256')
  await appendToUpload(context, hashing, session, {
    bytes: stream(Buffer.from('left behind here')),
  })
}

const abandonDirectUpload: Action = async (story, { context, process }, name) => {
  const bytes = story.world.random.pick(BLOBS) ?? Buffer.alloc(0)
  const digest = digestOf(bytes)
  const wanted = { digest, sizeBytes: bytes.byteLength, wish: 'parts' } as const
  const begun = await beginDirectUpload(context, name, wanted)
  if (begun.kind === 'present') return
  const [part] = await signParts(context, begun.upload, [1])
  if (part === undefined) return
  await process.send('PUT', part.request.url, bytes.subarray(0, part.sizeBytes))
}

const removeTag: Action = async (story, { context }, name) => {
  const tag = story.world.random.pick(TAGS)
  if (tag === undefined) return
  await remove(story, [story.ledger.begin(tagName(name, tag), undefined)], async () => {
    await deleteTag(context, name, tag)
  })
}

const removeManifest: Action = async (story, registry, name) => {
  const { ledger } = story
  const known = ledger.names().filter((each) => each.startsWith(`manifest ${fullName(name)} `))
  const digest = story.world.random.pick(known)?.split(' ').at(-1)
  if (digest !== undefined) await removeKnown(story, registry, name, parseDigest(digest))
}

const removeKnown = async (
  story: Story,
  { context }: Registry,
  name: RepositoryName,
  digest: Digest,
): Promise<void> => {
  const { ledger } = story
  const manifest = manifestName(name, digest)
  const tags = TAGS.map((tag) => tagName(name, tag))
    .filter((tag) => ledger.possible(tag).includes(digest))
    .map((tag) => ledger.begin(tag, undefined))
  const entry = { manifest, tags }
  story.deletes.add(entry)
  try {
    await remove(story, [ledger.begin(manifest, undefined)], async () => {
      await deleteManifest(context, name, digest)
    })
  } finally {
    for (const operation of tags) operation.abandon()
    story.deletes.delete(entry)
  }
}

const remove = async (
  story: Story,
  operations: readonly Operation[],
  run: () => Promise<void>,
): Promise<void> => {
  try {
    await run()
    for (const operation of operations) operation.acknowledge()
    count(story, 'delete')
  } catch (error) {
    for (const operation of operations) operation.abandon()
    throw error
  }
}

/** A whole repository is deleted, now and then; whoever pushes next makes another one of its name. */
const removeRepository: Action = async (story, { context }, name) => {
  const { ledger, removals, removedAt, world } = story
  const { random, table } = world
  if (!random.chance(0.2) || table.get(key.repositoryName(name.project, name.path)) === undefined) {
    return
  }
  const repository = fullName(name)
  const isIn = (known: string): boolean => known.split(' ')[1] === repository
  const operations = ledger
    .names()
    .filter(isIn)
    .map((known) => ledger.begin(known, undefined))
  const entry = { repository, names: [] as Operation[] }
  removals.add(entry)
  removedAt.set(repository, Infinity)
  try {
    await remove(story, operations, async () => {
      const project = await readProject(context.store, { pid: idsOf(story, name).pid })
      await deleteRepository(context, await readListed(context.store, project, name.path))
      count(story, 'removal')
    })
    // Else it may be done yet.
    removedAt.set(repository, context.store.clock.now())
  } finally {
    for (const operation of entry.names) operation.abandon()
    removals.delete(entry)
  }
}

/** Brings back something that was deleted, by its digest or by a tag that led to it, with or without a tag. */
const bringBack: Action = async (story, registry, name) => {
  const { random, table } = story.world
  const { rid } = idsOf(story, name)
  const trash = table.sortKeys(trashOf(rid)).filter((sk) => sk.startsWith(TRASH_ENTRIES))
  const sk = random.pick(trash)
  const entry = sk === undefined ? undefined : table.get({ pk: trashOf(rid), sk })
  if (entry === undefined) return
  const tag = random.chance(0.5) ? random.pick(TAGS) : undefined
  await bringBackOne(story, registry, name, {
    digest: parseDigest(String(entry['digest'])),
    tag: typeof entry['tag'] === 'string' ? parseTag(entry['tag']) : tag,
  })
}

const idsOf = ({ world: { table } }: Story, { path, project }: RepositoryName) => {
  const item = table.get(key.repositoryName(project, path))
  return { pid: String(item?.['pid']) as ProjectId, rid: String(item?.['rid']) as RepositoryId }
}

const bringBackOne = async (
  story: Story,
  { context }: Registry,
  name: RepositoryName,
  { digest, tag }: Bound,
): Promise<void> => {
  const { pid, rid } = idsOf(story, name)
  // A later deletion of the tag may have been of another manifest, so it is not asked for by the tag alone.
  const reference = { kind: 'digest', digest } as const
  const tags = tag === undefined ? [] : [tag]
  const { blobs, manifests } = refersTo(story, rid, digest)
  const isCollected = blobs.some((blob) => !story.world.table.get(key.blob(blob.digest)))
  // Its parts come before the whole, and may stay alone when it does not come.
  const parts = manifests.map((part) =>
    story.ledger.begin(manifestName(name, part.digest), PRESENT),
  )
  try {
    await bind(story, name, { digest, tag }, async () => {
      const { restored } = await undelete(context, { pid, name, reference, tags })
      if (restored.length > 0) count(story, isCollected ? 'undeleteCollected' : 'undelete')
    })
  } finally {
    for (const part of parts) part.abandon()
  }
}

/** What a manifest in the trash refers to. */
const refersTo = (
  { world }: Story,
  rid: RepositoryId,
  digest: Digest,
): Pick<Manifest, 'blobs' | 'manifests'> => {
  const record = world.table.get(key.trashedManifest(rid, digest))
  const bytes = record && bytesIn(world, record)
  return bytes === undefined ? { blobs: [], manifests: [] } : parsed(bytes)
}

const removeBlob: Action = async (story, { context }, name) => {
  const digest = digestOf(story.world.random.pick(BLOBS) ?? Buffer.alloc(0))
  story.deletedBlobs.add(`${fullName(name)} ${digest}`)
  await deleteBlob(context, name, digest)
  count(story, 'delete')
}

/** A reader of a blob is given a URL, and comes back with it when it is nearly over. */
const pullBlob = async (
  story: Story,
  { context, process }: Registry,
  name: RepositoryName,
  digest: Digest,
): Promise<void> => {
  const { table } = story.world
  const { oid } = await findBlob(context, name, digest)
  const pid = table.get(key.repositoryName(name.project, name.path))?.['pid']
  const link = key.link(digest, String(pid) as ProjectId)
  // Else it was there a moment ago, and the URL is as old as that.
  const isThere = table.get(link) !== undefined && table.get(key.blob(digest))?.['oid'] === oid
  if (isThere) story.pulls?.set(oid, process.clock.now() + story.pullPromiseMs)
  count(story, 'pull')
}

const pull: Action = async (story, registry, name) => {
  const digest = digestOf(story.world.random.pick(BLOBS) ?? Buffer.alloc(0))
  await pullBlob(story, registry, name, digest)
}

const ACTIONS: readonly Action[] = [
  pushImage,
  pushImage,
  pushImage,
  pushReferrer,
  pushIndex,
  mount,
  abandonUpload,
  abandonDirectUpload,
  removeTag,
  removeManifest,
  removeManifest,
  removeBlob,
  pull,
]

/** Where the product's workers clear up: the eager collectors of the others are met by pushes, so they have more of them. */
const ALL: readonly Action[] = [...ACTIONS, removeRepository, bringBack]

const ONE = BLOBS.slice(1, 2)
const LOOSE_BLOBS = 4

/** Tags go from one of two images to the other and back: one that is there already, or was collected just now. */
const moveTag: Action = async (story, registry, name) => {
  await ensureBlobs(story, registry, name, ONE)
  await put(story, registry, name, image(story.world.random.chance(0.7) ? ONE : [...ONE, ...ONE]))
}

/** A blob that no manifest has: pushed, pulled and deleted at once. */
const pullAndDelete: Action = async (story, registry, name) => {
  const bytes = Buffer.from(`loose ${story.world.random.below(LOOSE_BLOBS)}`)
  const digest = digestOf(bytes)
  await ensureBlobs(story, registry, name, [bytes])
  await pullBlob(story, registry, name, digest)
  await deleteBlob(registry.context, name, digest)
  count(story, 'delete')
}

/** Where untagged manifests go, tags are what matters. */
const TAGGING: readonly Action[] = [
  ...ALL,
  ...Array.from({ length: 2 * ACTIONS.length }, () => moveTag),
  ...Array.from({ length: ACTIONS.length / 2 }, () => removeTag),
  ...Array.from({ length: ACTIONS.length / 4 }, () => pullAndDelete),
]

/** Where blobs go while they are pulled, how long they stay is what matters. */
const PULLING: readonly Action[] = [
  ...ALL,
  ...Array.from({ length: ACTIONS.length }, () => pullAndDelete),
]

/** An image of a blob that few others have: deleted, and wanted back, soon or when everything has been collected. */
const regret: Action = async (story, registry, name) => {
  const { random } = story.world
  const blobs = [Buffer.from(`loose ${random.below(LOOSE_BLOBS)}`)]
  const content = image(blobs)
  await ensureBlobs(story, registry, name, blobs)
  await put(story, registry, name, content)
  await removeKnown(story, registry, name, content.digest)
  await registry.process.clock.sleep(random.below(KEPT_MS))
  await bringBackOne(story, registry, name, { digest: content.digest, tag: random.pick(TAGS) })
}

const KEPT_MS = 40 * 60_000

/** Where images are deleted and brought back, that is what matters. */
const REGRETTING: readonly Action[] = [
  ...ALL,
  ...Array.from({ length: ACTIONS.length }, () => [regret, bringBack]).flat(),
]

/** As who knows that its parts are there, and pushes them when they are not. */
const hasty =
  (content: Built, whole: Action): Action =>
  async (story, registry, name) => {
    try {
      await put(story, registry, name, content)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'MANIFEST_BLOB_UNKNOWN') throw error
      await whole(story, registry, name)
    }
  }

const putIndex = hasty(INDEX, pushIndex)
const tagParts = PARTS.map((blobs) =>
  hasty(image(blobs), async (story, registry, name) => {
    await pushPart(story, registry, name, blobs)
  }),
)

const removeIndex: Action = async (story, registry, name) => {
  await removeKnown(story, registry, name, INDEX.digest)
}

/** All in one repository, so that they meet. */
const inOne =
  (action: Action): Action =>
  async (story, registry, name) => {
    await action(story, registry, REPOSITORIES[0] ?? name)
  }

/** Where indexes come and go, and their parts get tags and lose them, how things are listed is what matters. */
const INDEXING: readonly Action[] = [
  ...ALL,
  ...Array.from({ length: 2 * ACTIONS.length }, () =>
    [putIndex, putIndex, ...tagParts, removeTag, removeTag, removeTag, removeIndex].map(inOne),
  ).flat(),
]

const actionsOf = ({
  deletesUntagged,
  indexesMuch,
  pulls,
  pullsMuch,
  undeletesMuch,
}: Story): readonly Action[] => {
  if (indexesMuch) return INDEXING
  if (undeletesMuch) return REGRETTING
  if (pullsMuch) return PULLING
  if (deletesUntagged) return TAGGING
  return pulls === undefined ? ACTIONS : ALL
}
