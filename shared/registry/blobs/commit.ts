import { guardOfBlob, guardOfLink } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import type { PutItem, TransactOperation, UpdateItem } from '../../ports.ts'
import { createCharge } from '../../quota/charge.ts'
import { isOfQuota, type ChargeWrites } from '../../quota/plan.ts'
import { readAll } from '../../store/batch.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transact, transactNamed } from '../../store/transact.ts'
import { key, type RepositoryRef } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import type { RegistryContext } from '../context.ts'
import { doom, unlisted } from '../uploads/cancel.ts'
import { readUpload, unchanged, uploadUnknown, type Upload } from '../uploads/upload.ts'
import { healBlob } from './heal.ts'
import { holdBlob, leaseIsThere, reviewAfterLease } from './hold.ts'
import { newBlob, newLease, newLink } from './items.ts'

/**
 * Makes the finished, verified object of an upload the bytes of a blob, and the blob a member of the repository. When
 * the blob exists already, it is held and this upload's object is given up; unless its bytes are lost, which these replace. The caller has taken a lease.
 * @throws RegistryError DENIED when the project's quota has no room; BLOB_UPLOAD_UNKNOWN when the session is gone
 */
export const commitBlob = async (
  { store }: Pick<RegistryContext, 'store'>,
  upload: Upload,
  digest: Digest,
  sizeBytes: number,
): Promise<void> => {
  // Most blobs are new: try that first, without looking.
  let linkExists = false
  const charge = createCharge(store, upload.pid, sizeBytes)
  for (;;) {
    const writes = linkExists ? undefined : charge.writes()
    const refused = await createBlob(store, upload, digest, sizeBytes, writes)
    if (refused === undefined) return
    if (refused.has('object')) {
      await settle(store, upload, digest)
      return
    }
    if (refused.has('lease')) await leaseBlob(store, upload, digest)
    else if (refused.has('blob')) {
      if ((await holdBlob(store, digest, upload, { isLeased: true })) !== undefined) {
        await giveUp(store, upload, digest)
        return
      }
      const { oid } = upload
      if (await healBlob(store, digest, { oid, sizeBytes }, ownWrites(store, upload, digest))) {
        await confirm(store, upload, digest)
        return
      }
    } else if ([...refused].some(isOfQuota)) await charge.again('refused')
    else if (refused.size === 0) await charge.again('contended')
    const linkKey = key.link(digest, upload.pid)
    linkExists = (await readAll(store, [linkKey], 'strong')).get(linkKey) !== undefined
  }
}

type Refused = ReadonlySet<
  'blob' | 'link' | 'lease' | 'object' | 'cleanup' | 'listed' | keyof ChargeWrites
>

/** `undefined`: done, and protected. */
const createBlob = async (
  store: Store,
  upload: Upload,
  digest: Digest,
  sizeBytes: number,
  charge: ChargeWrites | undefined,
): Promise<Refused | undefined> => {
  const { oid, pid } = upload
  const now = store.clock.now()
  const outcome = await transactNamed(
    store,
    {
      blob: newBlob(digest, { sizeBytes, oid }, store.ids.next(), now),
      link: charge && newLink(digest, pid, sizeBytes, store.ids.next()),
      ...charge,
      lease: leaseIsThere(digest, upload),
      object: own(store, upload, digest, now),
      cleanup: cleanup(store, upload, now),
      listed: unlisted(upload)[0],
    },
    isOfQuota,
  )
  if (!outcome.done) return outcome.refused
  // The lease was there before what this transaction created; an older link may have been condemned before the lease.
  if (charge === undefined) await confirm(store, upload, digest)
  return undefined
}

/**
 * Makes a digest, whose bytes the client has shown, a member of the repository. That comes before the commit, not with
 * it: a transaction becomes visible item by item, and a collector that saw the new guards, but no lease yet, would
 * collect them.
 */
export const leaseBlob = async (
  store: Store,
  repository: RepositoryRef,
  digest: Digest,
): Promise<void> => {
  await transact(store, [
    newLease(store, digest, repository),
    reviewAfterLease(store, digest, repository),
  ])
}

/**
 * Sees to it that what a commit made, or may have made, is there and stays.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN when it was collected with its bytes; the client begins again
 */
export const confirm = async (store: Store, upload: Upload, digest: Digest): Promise<void> => {
  const guards = [guardOfBlob(digest), guardOfLink(digest, upload.pid)]
  if ((await protect(store, guards)).held) return
  if ((await holdBlob(store, digest, upload)) === undefined) throw uploadUnknown(upload.oid)
}

const own = (store: Store, upload: Upload, digest: Digest, now: number): UpdateItem => ({
  op: 'update',
  key: key.object(upload.oid),
  set: { state: 'OWN', version: store.ids.next(), digest, updatedAt: now },
  conditions: unchanged(upload),
})

const cleanup = (store: Store, upload: Upload, now: number): PutItem | undefined =>
  upload.offset > 0 || upload.multipartId !== undefined
    ? enqueue(store.ids, now + timesOf(store).inFlight, { type: 'UPLOAD_CLEANUP', oid: upload.oid })
    : undefined

/** What becomes of an upload whose object is a blob's. */
const ownWrites = (store: Store, upload: Upload, digest: Digest): readonly TransactOperation[] => {
  const now = store.clock.now()
  const clean = cleanup(store, upload, now)
  return [
    own(store, upload, digest, now),
    ...(clean === undefined ? [] : [clean]),
    ...unlisted(upload),
  ]
}

/** The blob is there by another upload: this one's object is of no use. */
const giveUp = async (store: Store, upload: Upload, digest: Digest): Promise<void> => {
  const outcome = await transact(store, doom(store, upload, store.clock.now()))
  if (!outcome.done) await settle(store, upload, digest)
}

/** The session has moved on under us: either it became this very blob, and all is well, or it is gone. */
const settle = async (
  store: Store,
  upload: RepositoryRef & Upload,
  digest: Digest,
): Promise<void> => {
  const now = await readUpload({ store }, upload.oid)
  if (now?.state !== 'OWN' || now.digest !== digest) throw uploadUnknown(upload.oid)
  await confirm(store, upload, digest)
}
