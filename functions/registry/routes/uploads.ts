import type { Context } from 'hono'
import {
  algorithmOf,
  isDigest,
  parseAlgorithm,
  parseDigest,
  type Digest,
} from '../../../shared/oci/digest.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../../shared/oci/name.ts'
import { mountBlob } from '../../../shared/registry/blobs/mount.ts'
import { appendToUpload } from '../../../shared/registry/uploads/append.ts'
import { cancelUpload } from '../../../shared/registry/uploads/cancel.ts'
import { completeUpload } from '../../../shared/registry/uploads/complete.ts'
import { startUpload } from '../../../shared/registry/uploads/start.ts'
import {
  findUpload,
  openUpload,
  parseUploadId,
  rangeOf,
} from '../../../shared/registry/uploads/upload.ts'
import type { ObjectId } from '../../../shared/table.ts'
import { can, canPushAndMount } from '../access.ts'
import { factory, type RegistryEnv } from '../factory.ts'
import { uploadBody } from '../http/body.ts'
import { CONTENT_DIGEST, limitHeaders, location, UPLOAD_ID } from '../http/headers.ts'
import { repository } from '../middleware.ts'

const START = '/v2/:name{.+}/blobs/uploads'
const SESSION = `${START}/:upload`

type RegistryContext = Context<RegistryEnv>

const mountSource = (c: RegistryContext): RepositoryName | undefined => {
  const from = c.req.query('mount') === undefined ? undefined : c.req.query('from')
  return from === undefined || from === '' ? undefined : parseRepositoryName(from)
}

export const uploads = factory
  .createApp()
  // end-4a, end-4b, end-4c, end-11: POST /v2/<name>/blobs/uploads/[?digest=|?digest-algorithm=|?mount=[&from=]]
  .on('POST', [START, `${START}/`], repository, canPushAndMount(mountSource), async (c) => {
    const mounted = await mount(c)
    if (mounted !== undefined) return created(c, mounted)
    const { context, hashing } = c.var.deps
    const given = c.req.query('digest')
    const digest = given === undefined ? undefined : parseDigest(given)
    const upload = await startUpload(context, c.var.repository, algorithm(c, digest))
    if (digest === undefined)
      return standing(c, 202, upload.oid, 0, limitHeaders(c.var.deps.requestLimit))
    await completeUpload(context, hashing, upload, digest, uploadBody(c))
    return created(c, digest)
  })
  // end-13: GET /v2/<name>/blobs/uploads/<upload>
  .get(SESSION, repository, can('push'), async (c) => {
    const { context } = c.var.deps
    const upload = await openUpload(context, c.var.repository, uploadId(c))
    return standing(c, 204, upload.oid, upload.offset)
  })
  // end-5: PATCH /v2/<name>/blobs/uploads/<upload>
  .patch(SESSION, repository, can('push'), async (c) => {
    const { context, hashing } = c.var.deps
    const upload = await openUpload(context, c.var.repository, uploadId(c))
    const body = uploadBody(c)
    const offset =
      body === undefined
        ? upload.offset
        : await appendToUpload(context, hashing, upload, body).catch(withLocation(c, upload.oid))
    return standing(c, 202, upload.oid, offset)
  })
  // end-6: PUT /v2/<name>/blobs/uploads/<upload>?digest=<digest>
  .put(SESSION, repository, can('push'), async (c) => {
    const { context, hashing } = c.var.deps
    const digest = parseDigest(c.req.query('digest') ?? '')
    const upload = await findUpload(context, c.var.repository, uploadId(c))
    await completeUpload(context, hashing, upload, digest, uploadBody(c)).catch(
      withLocation(c, upload.oid),
    )
    return created(c, digest)
  })
  // end-14: DELETE /v2/<name>/blobs/uploads/<upload>
  .delete(SESSION, repository, can('push'), async (c) => {
    const { context } = c.var.deps
    await cancelUpload(context, await openUpload(context, c.var.repository, uploadId(c)))
    return c.body(null, 204)
  })

const uploadId = (c: RegistryContext): ObjectId => parseUploadId(c.req.param('upload') ?? '')

/** The digest that was mounted; `undefined`: none was wanted, or it is not to be had and must be uploaded. */
const mount = async (c: RegistryContext): Promise<Digest | undefined> => {
  const wanted = c.req.query('mount')
  // A digest of an algorithm we do not know cannot be here, and the client may still upload under another.
  if (wanted === undefined || !isDigest(wanted)) return undefined
  const { may, mayPullAll } = c.var.visitor
  const blob = await mountBlob(c.var.deps.context, c.var.repository, wanted, mountSource(c), {
    // Clients ask for a token for the target, and not all of them for the source as well.
    from: async (name, pid) => (await may('pull', name, pid)) || (await mayPullAll(name, pid)),
    fromAll: mayPullAll,
  })
  return blob && wanted
}

const algorithm = (c: RegistryContext, digest: Digest | undefined) => {
  const hint = c.req.query('digest-algorithm')
  if (hint !== undefined) return parseAlgorithm(hint)
  return digest === undefined ? 'sha256' : algorithmOf(digest)
}

/** Where a session stands, in the headers that clients of all kinds look for. */
const standing = (
  c: RegistryContext,
  status: 202 | 204,
  oid: ObjectId,
  offset: number,
  more: Readonly<Record<string, string>> = {},
) =>
  c.body(null, status, {
    ...more,
    Location: location.upload(c.var.repository, oid),
    Range: rangeOf(offset),
    [UPLOAD_ID]: oid,
  })

const created = (c: RegistryContext, digest: Digest) =>
  c.body(null, 201, {
    Location: location.blob(c.var.repository, digest),
    [CONTENT_DIGEST]: digest,
  })

/** A client that is told to go on elsewhere in the session is told where the session is, too. */
const withLocation =
  (c: RegistryContext, oid: ObjectId) =>
  (error: unknown): never => {
    if (!(error instanceof RegistryError) || error.status !== 416) throw error
    const { code, status, message, detail, headers, cause } = error
    throw new RegistryError(code, {
      status,
      message,
      headers: { ...headers, Location: location.upload(c.var.repository, oid) },
      ...(detail === undefined ? {} : { detail }),
      cause,
    })
  }
