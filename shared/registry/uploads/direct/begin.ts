import { bucketKey } from '../../../bucket.ts'
import { algorithmOf, type Digest } from '../../../oci/digest.ts'
import { RegistryError } from '../../../oci/errors.ts'
import type { RepositoryName } from '../../../oci/name.ts'
import { quotaExceeded } from '../../../quota/charge.ts'
import { NO_LIMIT } from '../../../quota/items.ts'
import { readQuota } from '../../../quota/read.ts'
import type { SignedRequest } from '../../../ports.ts'
import { getItem, queryAll } from '../../../store/query.ts'
import { transact } from '../../../store/transact.ts'
import { key, prefix, SCHEMA_VERSION, type ObjectId, type RepositoryRef } from '../../../table.ts'
import { enqueue } from '../../../tasks/tasks.ts'
import { timesOf } from '../../../store/store.ts'
import { findBlobToPush } from '../../blobs/find.ts'
import type { RegistryContext } from '../../context.ts'
import { readUpload, uploadUnknown } from '../upload.ts'
import { partBytesFor, type Wish } from './plan.ts'
import { change, isDirect, readDirectUpload, type DirectUpload } from './session.ts'
import { signWhole } from './sign.ts'

export type Wanted = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly wish?: Wish
}

/**
 * `present`: the repository has the blob, and nothing is to be sent. `put`: the request that puts the whole object; absent:
 * it comes in parts, or is there.
 */
export type Begun =
  | { readonly kind: 'present' }
  | {
      readonly kind: 'upload'
      readonly upload: DirectUpload
      readonly put: SignedRequest | undefined
    }

/** Those who push the same blob share an upload, and each may end it: so often it is looked for anew. */
const MAX_TRIES = 10

/**
 * Begins a direct upload, or goes on with one of the same blob that was left. What is refused later is refused now, as
 * far as it is known, so that nobody sends gigabytes for nothing.
 * @throws RegistryError NAME_UNKNOWN, SIZE_INVALID; DENIED when the quota has no room; UNSUPPORTED when the store cannot
 * sign; BLOB_UPLOAD_UNKNOWN when whatever is begun is ended by others at once
 */
export const beginDirectUpload = async (
  context: RegistryContext,
  name: RepositoryName,
  wanted: Wanted,
): Promise<Begun> => {
  const repository = await context.repositories.forPush(name)
  for (let tries = 1; ; tries += 1) {
    if (await isPresent(context, name, wanted.digest)) return { kind: 'present' }
    try {
      const upload = await goOnOrOpen(context, repository, wanted)
      return { kind: 'upload', upload, put: await signWhole(context, upload) }
    } catch (error) {
      const isOver = error instanceof RegistryError && error.code === 'BLOB_UPLOAD_UNKNOWN'
      if (!isOver || tries === MAX_TRIES) throw error
    }
  }
}

const goOnOrOpen = async (
  context: RegistryContext,
  repository: RepositoryRef,
  wanted: Wanted,
): Promise<DirectUpload> => {
  const left = await findLeft(context, repository, wanted)
  if (left !== undefined) return left
  await assertRoom(context, repository, wanted)
  return await open(context, repository, wanted)
}

const isPresent = async (
  context: RegistryContext,
  name: RepositoryName,
  digest: Digest,
): Promise<boolean> => {
  try {
    await findBlobToPush(context, name, digest)
    return true
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return false
    throw error
  }
}

/** One that is open, for the same bytes and by the way that is wished for. */
const findLeft = async (
  context: RegistryContext,
  { rid }: RepositoryRef,
  { digest, sizeBytes, wish }: Wanted,
): Promise<DirectUpload | undefined> => {
  const { store, limits } = context
  const partBytes = partBytesFor(limits, digest, sizeBytes, wish)
  const listed = await queryAll(store, {
    pk: key.tagsOf(rid),
    sk: { prefix: prefix.directUploads(digest) },
    read: 'strong',
  })
  for (const { sk } of listed) {
    const oid = sk.slice(prefix.directUploads(digest).length) as ObjectId
    const upload = await readUpload(context, oid)
    if (!isDirect(upload) || upload.state !== 'UP') continue
    const isReady = partBytes === undefined || upload.multipartId !== undefined
    const { direct } = upload
    if (direct.sizeBytes === sizeBytes && direct.partBytes === partBytes && isReady) return upload
  }
  return undefined
}

const assertRoom = async (
  { store }: RegistryContext,
  { pid }: RepositoryRef,
  { digest, sizeBytes }: Wanted,
): Promise<void> => {
  // What the project has already costs it nothing.
  const [link, quota] = await Promise.all([
    getItem(store, key.link(digest, pid), 'strong'),
    readQuota(store, pid),
  ])
  if (link !== undefined || quota === undefined || quota.limitBytes === NO_LIMIT) return
  if (quota.usedBytes + sizeBytes > quota.limitBytes) {
    throw quotaExceeded(sizeBytes, quota)
  }
}

const open = async (
  context: RegistryContext,
  { pid, rid }: RepositoryRef,
  { digest, sizeBytes, wish }: Wanted,
): Promise<DirectUpload> => {
  const { store, objects, limits } = context
  const partBytes = partBytesFor(limits, digest, sizeBytes, wish)
  const oid = store.ids.nextBeside() as ObjectId
  const now = store.clock.now()
  await transact(store, [
    {
      op: 'put',
      item: {
        ...key.object(oid),
        ...{ v: SCHEMA_VERSION, pid, rid, state: 'UP', version: store.ids.next() },
        ...{ offset: 0, algorithm: algorithmOf(digest), nextPart: 1 },
        ...{ wanted: digest, wantedSize: sizeBytes, phase: 'open', signedUntil: now },
        ...(partBytes === undefined ? {} : { partBytes }),
        ...{ createdAt: now, updatedAt: now },
      },
      conditions: [{ kind: 'absent' }],
    },
    { op: 'put', item: { ...key.directUpload(rid, digest, oid), v: SCHEMA_VERSION } },
    enqueue(store.ids, now + timesOf(store).uploadIdle, { type: 'UPLOAD_REVIEW', oid }),
  ])
  const upload = await readDirectUpload(context, oid)
  if (partBytes === undefined) return upload
  // Only now: the review that was just written knows where to look for what this leaves when we fall over.
  const multipartId = await objects.multipart.start(bucketKey.object(oid))
  const ready = await change(context, upload, { multipartId })
  if (ready === undefined) throw uploadUnknown(oid)
  return ready
}
