import { guardOfBlob } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { writeAll } from '../../store/batch.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { key } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { parseBlob, type Blob } from '../blobs/items.ts'
import type { RegistryContext } from '../context.ts'
import { guardsOf, holdChildren } from './children.ts'
import type { Push } from './commit.ts'
import { putLargeBody } from './intent.ts'
import { holdByTag } from './point.ts'
import { childrenUnknown } from './look.ts'

export type Leniency = {
  /** Blobs that are known to be missing, and need not be there. */
  readonly absent: ReadonlySet<Digest>
  readonly allowSparse: boolean
}

/**
 * Takes hold of every child of a manifest, and of the manifest by its tags, and then, all holds acknowledged, sees to it
 * that every child is there and stays. A child that may be missing is held all the same: when it comes, it is held
 * already. Answers whether one is.
 * @throws RegistryError MANIFEST_BLOB_UNKNOWN with what is missing; SIZE_INVALID when a blob has another size
 */
export const holdAndVerify = async (
  context: RegistryContext,
  push: Push,
  { absent, allowSparse }: Leniency,
): Promise<'whole' | 'sparse'> => {
  const { pushed, children, manifest } = push
  const [hasFailed] = await Promise.all([
    writeAll(context.store, [
      ...holdChildren(pushed, children),
      ...push.tags.map((tag) => holdByTag(pushed, tag)),
    ]),
    putLargeBody(context, push),
  ])
  if (hasFailed) await reviewTagHolds(context.store, push)
  const blobs = manifest.blobs.filter(({ digest }) => !absent.has(digest))
  const wanted = { blobs: blobs.map(({ digest }) => digest), manifests: children.manifests }
  const protection = await protect(context.store, guardsOf(pushed, wanted))
  const stored = (digest: Digest): Blob | undefined => {
    const item = protection.guards.get(guardOfBlob(digest).key)
    return item && parseBlob(item)
  }
  const missing = new Set([
    ...protection.absent.map(({ review }) => review.digest),
    ...wanted.blobs.filter((digest) => stored(digest)?.missingAt !== undefined),
  ])
  if (missing.size > 0) {
    const optional = new Set(blobs.filter((blob) => blob.optional).map(({ digest }) => digest))
    const needed = [...missing].filter((digest) => !allowSparse && !optional.has(digest))
    if (needed.length > 0) throw childrenUnknown(needed)
  }
  for (const { digest, size } of blobs) {
    const actual = stored(digest)?.sizeBytes
    if (actual === undefined || actual === size) continue
    throw new RegistryError('SIZE_INVALID', {
      message: 'the manifest gives a blob another size than it has',
      detail: { digest, given: size, actual },
    })
  }
  return missing.size + absent.size > 0 ? 'sparse' : 'whole'
}

/**
 * Has the holds of tags looked at once more when none can be on its way any more: one that comes late, when its tag has
 * been deleted, would hold the manifest for ever. Those of blobs and parts are looked at when the manifest goes.
 */
const reviewTagHolds = async (store: Store, { digest, pushed, tags }: Push): Promise<void> => {
  const { inc, pid, rid } = pushed
  const dueAt = store.clock.now() + timesOf(store).inFlight
  await writeAll(
    store,
    tags.map((tag) => {
      const { pk: holderPk, sk: holderSk } = key.heldByTag(rid, digest, tag, inc)
      return enqueue(store.ids, dueAt, { type: 'HOLDER_REVIEW', holderPk, holderSk, pid })
    }),
  )
}
