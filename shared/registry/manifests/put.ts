import { algorithmOf, digestOf, type Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Reference } from '../../oci/reference.ts'
import { PortError } from '../../ports.ts'
import type { Incarnation } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { childrenOf, type Pushed } from './children.ts'
import { commitManifest } from './commit.ts'
import { abandon, beginPush } from './intent.ts'
import { lookBeforePush, requireMembers } from './look.ts'
import type { ManifestUpload, Push } from './push.ts'
import { relistAtOnce } from './relist.ts'
import { retag } from './retag.ts'
import { holdAndVerify } from './verify.ts'

export type PutManifest = { readonly digest: Digest; readonly subject: Digest | undefined }

/** Beyond this many attempts somebody is fighting over the same names, and the client may judge. */
const MAX_ATTEMPTS = 20

/**
 * Stores a manifest and points tags at it. It answers only when the manifest is there with everything it refers to, and
 * none of that can be collected while it stays.
 *
 * ```
 * look ----> present: point the tags at it
 *   |
 *   +-----> begin: the intent, and the review that undoes it
 *             -> hold: a ref to every blob, an edge to every manifest
 *             -> verify: every guard is read strongly, a condemned one rescued
 *             -> commit: the intent becomes the manifest, in one transaction
 *             -> relist: what is a part of it now is listed as one
 * ```
 * @throws RegistryError MANIFEST_INVALID (413 above the limit), DIGEST_INVALID, SIZE_INVALID, UNSUPPORTED,
 * MANIFEST_BLOB_UNKNOWN with every missing digest, NAME_UNKNOWN; whatever `checkTags` does
 */
export const putManifest = async (
  context: RegistryContext,
  name: RepositoryName,
  upload: ManifestUpload,
): Promise<PutManifest> => {
  const { reference, bytes, checkTags } = upload
  requireSize(bytes.byteLength, context.limits.maxManifestBytes)
  const digest = digestFor(reference, bytes)
  const manifest = parseManifest(bytes, upload.contentType)
  const tags = [
    ...new Set(reference.kind === 'tag' ? [reference.tag, ...upload.tags] : upload.tags),
  ]
  const subject = manifest.subject?.digest
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await tryPut(context, name, { manifest, digest, bytes, tags, checkTags }))
      return { digest, subject }
  }
  throw new RegistryError('TOOMANYREQUESTS', {
    status: 503,
    message: 'other clients keep changing the same manifest; try again',
    headers: { 'Retry-After': '1' },
  })
}

/** Answers false when another writer changed what this one had seen. */
const tryPut = async (
  context: RegistryContext,
  name: RepositoryName,
  given: Pick<Push, 'manifest' | 'digest' | 'bytes' | 'tags' | 'checkTags'>,
): Promise<boolean> => {
  const seen = await lookBeforePush(context, name, given)
  given.checkTags?.(seen.tags)
  if (seen.present !== undefined)
    return await retag(context, seen.present, { ...given, name }, seen)
  const { repository } = seen
  const absent = requireMembers(given.manifest, seen)
  const inc = context.store.ids.next() as Incarnation
  const pushed: Pushed = { ...repository, digest: given.digest, inc }
  const children = childrenOf(given.manifest)
  const push = await beginPush(context, { ...given, name, pushed, children })
  try {
    const { allowSparse } = seen
    const isSparse = (await holdAndVerify(context, push, { absent, allowSparse })) === 'sparse'
    if (await commitManifest(context, { ...push, isSparse }, seen.tags)) {
      await relistAtOnce(context.store, pushed, children.manifests)
      return true
    }
    await abandon(context, push)
    return false
  } catch (error) {
    // A push that will not be finished lets go at once; should this fail too, its review will do it.
    if (!(error instanceof PortError)) await abandon(context, push).catch(() => undefined)
    throw error
  }
}

const requireSize = (sizeBytes: number, maxBytes: number): void => {
  if (sizeBytes <= maxBytes) return
  throw new RegistryError('MANIFEST_INVALID', {
    status: 413,
    message: `a manifest has at most ${maxBytes} bytes`,
    detail: { maxBytes, sizeBytes },
  })
}

const digestFor = (reference: Reference, bytes: Uint8Array): Digest => {
  if (reference.kind === 'tag') return digestOf(bytes)
  const computed = digestOf(bytes, algorithmOf(reference.digest))
  if (computed === reference.digest) return computed
  throw new RegistryError('DIGEST_INVALID', { detail: { given: reference.digest, computed } })
}
