import { guardOfBlob, guardOfLink, guardOfManifest, type Guarded } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { nameOf, writeAll } from '../../store/batch.ts'
import { parseBlob } from '../blobs/items.ts'
import type { RegistryContext } from '../context.ts'
import { holdChildren } from './children.ts'
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
 * Takes hold of every child of a manifest, and of the manifest by its tags, and then, all holds acknowledged, sees to it that every child is there and
 * stays. A child that may be missing is held all the same: when it comes, it is held already. Answers whether one is.
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
  const guards = new Map<string, Digest>()
  const expected: Guarded[] = []
  const expect = (guard: Guarded, digest: Digest): void => {
    expected.push(guard)
    guards.set(nameOf(guard.key), digest)
  }
  for (const { digest } of blobs) {
    expect(guardOfBlob(digest), digest)
    expect(guardOfLink(digest, pushed.pid), digest)
  }
  for (const digest of children.manifests) expect(guardOfManifest(pushed, digest), digest)

  const protection = await protect(context.store, expected)
  const lost = blobs.filter(({ digest }) => {
    const item = protection.guards.get(guardOfBlob(digest).key)
    return item !== undefined && parseBlob(item).missingAt !== undefined
  })
  const missing = new Set([
    ...protection.absent.flatMap(({ key }) => guards.get(nameOf(key)) ?? []),
    ...lost.map(({ digest }) => digest),
  ])
  if (missing.size > 0) {
    const optional = new Set(blobs.filter((blob) => blob.optional).map(({ digest }) => digest))
    const needed = [...missing].filter((digest) => !allowSparse && !optional.has(digest))
    if (needed.length > 0) throw childrenUnknown(needed)
  }
  for (const { digest, size } of blobs) {
    const item = protection.guards.get(guardOfBlob(digest).key)
    if (item === undefined || parseBlob(item).sizeBytes === size) continue
    throw new RegistryError('SIZE_INVALID', {
      message: 'the manifest gives a blob another size than it has',
      detail: { digest, given: size, actual: parseBlob(item).sizeBytes },
    })
  }
  return missing.size + absent.size > 0 ? 'sparse' : 'whole'
}
