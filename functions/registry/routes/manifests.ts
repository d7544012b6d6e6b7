import { RegistryError } from '../../../shared/oci/errors.ts'
import { parseReference, parseTag } from '../../../shared/oci/reference.ts'
import { deleteManifest } from '../../../shared/registry/manifests/delete.ts'
import { putManifest } from '../../../shared/registry/manifests/put.ts'
import { deleteTag } from '../../../shared/registry/manifests/untag.ts'
import { actorOf, can, contextFor } from '../access.ts'
import { answerManifest } from '../answers/manifest.ts'
import { factory } from '../factory.ts'
import { toResponse } from '../http/answer.ts'
import { readWhole } from '../http/body.ts'
import { CONTENT_DIGEST, location } from '../http/headers.ts'
import { repository } from '../middleware.ts'

/** One transaction takes four writes a tag and at most a hundred in all. */
const MAX_TAG_PARAMETERS = 20

const PATH = '/v2/:name{.+}/manifests/:reference'

export const manifests = factory
  .createApp()
  // end-3: GET | HEAD /v2/<name>/manifests/<tag-or-digest>
  .get(PATH, repository, can('pull'), async (c) => {
    const reference = parseReference(c.req.param('reference'))
    const { method } = c.req
    const ifNoneMatch = c.req.header('If-None-Match')
    return toResponse(
      await answerManifest(c.var.deps, c.var.repository, reference, {
        ...{ method, ifNoneMatch },
        actor: actorOf(c),
      }),
    )
  })
  // end-7a, end-7b: PUT /v2/<name>/manifests/<tag-or-digest>[?tag=<tag>&tag=<tag>]
  .put(PATH, repository, can('push'), async (c) => {
    const context = await contextFor(c)
    const reference = parseReference(c.req.param('reference'))
    const tags = parseTagParameters(c.req.queries('tag') ?? [])
    const { digest, subject } = await putManifest(context, c.var.repository, {
      reference,
      tags,
      bytes: await readWhole(c, context.limits.maxManifestBytes),
      contentType: c.req.header('Content-Type'),
    })
    return c.body(null, 201, {
      Location: location.manifest(c.var.repository, digest),
      [CONTENT_DIGEST]: digest,
      ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
      ...(tags.length === 0 ? {} : { 'OCI-Tag': tags.join(', ') }),
    })
  })
  // end-9: DELETE /v2/<name>/manifests/<tag-or-digest>
  .delete(PATH, repository, can('delete'), async (c) => {
    const reference = parseReference(c.req.param('reference'))
    const context = await contextFor(c)
    if (reference.kind === 'tag') await deleteTag(context, c.var.repository, reference.tag)
    else await deleteManifest(context, c.var.repository, reference.digest)
    return c.body(null, 202)
  })

const parseTagParameters = (given: readonly string[]) => {
  if (given.length > MAX_TAG_PARAMETERS) {
    // distribution-spec: "MAY return a 414 status if too many tags are included in the request".
    throw new RegistryError('MANIFEST_INVALID', {
      status: 414,
      message: `at most ${MAX_TAG_PARAMETERS} tag parameters are taken in one request`,
    })
  }
  return given.map(parseTag)
}
