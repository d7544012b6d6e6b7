import type { Actor } from '../../../shared/audit/entry.ts'
import type { RepositoryName } from '../../../shared/oci/name.ts'
import type { Reference } from '../../../shared/oci/reference.ts'
import {
  findManifest,
  readManifest,
  type FoundManifest,
} from '../../../shared/registry/manifests/get.ts'
import type { Deps } from '../deps.ts'
import type { Answer } from '../http/answer.ts'
import { API_VERSION, CONTENT_DIGEST, entityTag, matches } from '../http/headers.ts'

/** end-3: GET | HEAD /v2/<name>/manifests/<tag-or-digest> */
export const answerManifest = async (
  { context, pulled }: Deps,
  name: RepositoryName,
  reference: Reference,
  request: {
    readonly method: string
    readonly ifNoneMatch: string | undefined
    readonly actor: Actor
  },
): Promise<Answer> => {
  if (request.method === 'HEAD') {
    const found = await findManifest(context, name, reference)
    return { status: 200, headers: headersOf(found) }
  }
  const found = await readManifest(context, name, reference)
  const headers = headersOf(found)
  if (matches(request.ifNoneMatch, headers.ETag)) {
    return { status: 304, headers: { ETag: headers.ETag, [CONTENT_DIGEST]: found.digest } }
  }
  const { digest, repository } = found
  pulled?.({ actor: request.actor, name, reference, digest, repository })
  return { status: 200, headers, body: found.bytes }
}

const headersOf = ({ digest, mediaType, sizeBytes }: FoundManifest) => ({
  ...API_VERSION,
  'Content-Type': mediaType,
  'Content-Length': String(sizeBytes),
  [CONTENT_DIGEST]: digest,
  ETag: entityTag(digest),
})
