import { parseDigest } from '../../../shared/oci/digest.ts'
import { deleteBlob } from '../../../shared/registry/blobs/delete.ts'
import { can } from '../access.ts'
import { answerBlob } from '../answers/blob.ts'
import { factory } from '../factory.ts'
import { toResponse } from '../http/answer.ts'
import { repository } from '../middleware.ts'

const PATH = '/v2/:name{.+}/blobs/:digest'

export const blobs = factory
  .createApp()
  // end-2: GET | HEAD /v2/<name>/blobs/<digest>
  .get(PATH, repository, can('pull'), async (c) => {
    const digest = parseDigest(c.req.param('digest'))
    const request = {
      method: c.req.method,
      range: c.req.header('Range'),
      ifRange: c.req.header('If-Range'),
      ifNoneMatch: c.req.header('If-None-Match'),
    }
    return toResponse(await answerBlob(c.var.deps, c.var.repository, digest, request))
  })
  // end-10: DELETE /v2/<name>/blobs/<digest>
  .delete(PATH, repository, can('delete'), async (c) => {
    await deleteBlob(c.var.deps.context, c.var.repository, parseDigest(c.req.param('digest')))
    return c.body(null, 202)
  })
