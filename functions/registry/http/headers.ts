import type { Digest } from '../../../shared/oci/digest.ts'
import type { RepositoryName } from '../../../shared/oci/name.ts'
import type { ObjectId } from '../../../shared/table.ts'
import type { RequestLimit } from '../deps.ts'

/** Sent with every answer of `/v2/`; some clients ask for it to tell a registry from a web site. */
export const API_VERSION = { 'Docker-Distribution-API-Version': 'registry/2.0' } as const

export const REQUEST_ID = 'X-Request-Id'
export const CONTENT_DIGEST = 'Docker-Content-Digest'
export const UPLOAD_ID = 'Docker-Upload-UUID'

/** Locations keep the name as the client wrote it, and are relative: the client knows how it reached us. */
export const location = {
  blob: (name: RepositoryName, digest: Digest): string => `/v2/${name.given}/blobs/${digest}`,
  manifest: (name: RepositoryName, digest: Digest): string =>
    `/v2/${name.given}/manifests/${digest}`,
  upload: (name: RepositoryName, oid: ObjectId): string => `/v2/${name.given}/blobs/uploads/${oid}`,
} as const

/** What a client is told of chunks when it begins an upload, and whoever watches it. */
export const limitHeaders = (limit: RequestLimit | undefined): Readonly<Record<string, string>> =>
  limit === undefined
    ? {}
    : {
        'OCI-Chunk-Min-Length': String(limit.minChunkBytes),
        'OCI-Chunk-Max-Length': String(limit.maxChunkBytes),
        // distribution-spec, "Warnings"
        Warning: `299 - "${limit.hint}"`,
      }

/** RFC 8288; the query comes encoded from URLSearchParams. */
export const nextLink = (path: string, query: Readonly<Record<string, string>>): string =>
  `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`

/** The bytes of a digest never change, so it is the entity tag. */
export const entityTag = (digest: Digest): string => `"${digest}"`

/** RFC 9110 section 13.1.2, weak comparison. */
export const matches = (ifNoneMatch: string | undefined, tag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch
    .split(',')
    .map((candidate) => candidate.trim().replace(/^W\//, ''))
    .some((candidate) => candidate === '*' || candidate === tag)
