import { guardOfBlob } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { writeAll } from '../../store/batch.ts'
import { parseBlob, type Blob } from '../blobs/items.ts'
import type { RegistryContext } from '../context.ts'
import { guardsOf, holdChildren } from './children.ts'
import { putLargeBody } from './intent.ts'
import { holdByTag } from './point.ts'
import { childrenUnknown } from './look.ts'
import type { Push } from './push.ts'

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
  await Promise.all([
    writeAll(context.store, [
      ...holdChildren(pushed, children),
      ...push.tags.map((tag) => holdByTag(pushed, tag)),
    ]),
    putLargeBody(context, push),
  ])
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
