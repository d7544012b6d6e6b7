import { bucketKey } from '../../../shared/bucket.ts'
import type { Digest } from '../../../shared/oci/digest.ts'
import type { RepositoryName } from '../../../shared/oci/name.ts'
import { contentRange, lengthOf, parseRange } from '../../../shared/oci/range.ts'
import type { ByteRange } from '../../../shared/ports.ts'
import { blobUnknown, findBlob, findBlobToPush } from '../../../shared/registry/blobs/find.ts'
import type { Blob } from '../../../shared/registry/blobs/items.ts'
import type { RegistryContext } from '../../../shared/registry/context.ts'
import { timesOf } from '../../../shared/store/store.ts'
import type { Deps } from '../deps.ts'
import type { Answer } from '../http/answer.ts'
import { API_VERSION, CONTENT_DIGEST, entityTag, matches } from '../http/headers.ts'
import { multipartRanges } from './byteranges.ts'

/** Long enough to begin a download on a slow line; a client that resumes asks again. */
const SIGNED_READ_SECONDS = 1_200
const SECOND_MS = 1_000

/** A URL is good no longer than its object stays when everybody lets go of the blob at this moment. */
const secondsOf = ({ store }: RegistryContext): number =>
  Math.max(1, Math.min(SIGNED_READ_SECONDS, Math.floor(timesOf(store).pullGrace / SECOND_MS)))

const OCTET_STREAM = 'application/octet-stream'

export type BlobRequest = {
  readonly method: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
}

/**
 * end-2: GET | HEAD /v2/<name>/blobs/<digest>. Bytes come from here or, where the store can sign, from a URL that the
 * client is sent to; HEAD is always answered here, for a signed URL is good for GET alone.
 */
export const answerBlob = async (
  { context }: Deps,
  name: RepositoryName,
  digest: Digest,
  request: BlobRequest,
): Promise<Answer> => {
  const isHead = request.method === 'HEAD'
  const blob = await (isHead ? findBlobToPush : findBlob)(context, name, digest)
  const tag = entityTag(digest)
  const headers = {
    ...API_VERSION,
    [CONTENT_DIGEST]: digest,
    ETag: tag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable',
  }
  if (matches(request.ifNoneMatch, tag)) return { status: 304, headers }
  const length = String(blob.sizeBytes)
  if (isHead) {
    return {
      status: 200,
      headers: { ...headers, 'Content-Type': OCTET_STREAM, 'Content-Length': length },
    }
  }
  const signed = await context.objects.signedRead(bucketKey.object(blob.oid), {
    expiresInSeconds: secondsOf(context),
    contentType: OCTET_STREAM,
  })
  if (signed !== undefined) {
    return {
      status: 307,
      // The URL expires long before the bytes change.
      headers: { ...headers, 'Cache-Control': 'no-store', Location: signed, 'Content-Length': '0' },
    }
  }
  const usable = request.ifRange === undefined || request.ifRange === tag
  const wanted = parseRange(usable ? request.range : undefined, blob.sizeBytes)
  if (wanted.kind === 'unsatisfiable') {
    return {
      status: 416,
      headers: { ...headers, 'Content-Range': `bytes */${length}`, 'Content-Length': '0' },
    }
  }
  const open = async (range?: ByteRange) => await openObject(context, digest, blob, range)
  if (wanted.kind !== 'ranges') {
    return {
      status: 200,
      headers: { ...headers, 'Content-Type': OCTET_STREAM, 'Content-Length': length },
      body: await open(),
    }
  }
  const [range, ...others] = wanted.ranges
  if (others.length > 0) {
    return multipartRanges(headers, OCTET_STREAM, wanted.ranges, blob.sizeBytes, open)
  }
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Type': OCTET_STREAM,
      'Content-Length': String(lengthOf(range)),
      'Content-Range': contentRange(range, blob.sizeBytes),
    },
    body: await open(range),
  }
}

const openObject = async (
  { objects }: RegistryContext,
  digest: Digest,
  blob: Blob,
  range?: ByteRange,
): Promise<AsyncIterable<Uint8Array>> => {
  const object = await objects.get(bucketKey.object(blob.oid), range)
  if (object === undefined) throw blobUnknown(digest)
  return object.body
}
