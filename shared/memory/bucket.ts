import { createHash, randomUUID } from 'node:crypto'
import { assertPartNumber } from '../limits.ts'
import type { Part, SignedRequest, StoredPart } from '../ports.ts'

const OK = 200
const BAD_REQUEST = 400
const FORBIDDEN = 403
const NOT_FOUND = 404
const PRECONDITION_FAILED = 412

/** What the holder of a signed URL may put. */
export type Grant = {
  readonly key: string
  readonly sizeBytes: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
} & ({ readonly sha256: string } | { readonly uploadId: string; readonly partNumber: number })

type PendingUpload = {
  readonly key: string
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>
}

/** The bucket of a simulated store: what each operation does at the moment it happens. */
export const createBucket = (minPartBytes: number) => {
  const objects = new Map<string, Uint8Array>()
  const uploads = new Map<string, PendingUpload>()
  const grants = new Map<string, Grant>()
  /** Of objects that came by a grant. */
  const checksums = new Map<string, string>()

  let changes = 0

  const put = (key: string, bytes: Uint8Array, ifAbsent: boolean): 'created' | 'exists' => {
    if (ifAbsent && objects.has(key)) return 'exists'
    changes += 1
    objects.set(key, bytes)
    checksums.delete(key)
    return 'created'
  }

  const remove = (key: string): void => {
    changes += 1
    objects.delete(key)
    checksums.delete(key)
  }

  /** The URL that lets its holder put what the grant says. */
  const sign = (grant: Grant): SignedRequest => {
    const id = randomUUID()
    grants.set(id, grant)
    const headers = { 'content-length': String(grant.sizeBytes) }
    return { method: 'PUT', url: `memory://${grant.key}?signature=${id}`, headers }
  }

  /** What the store answers to whoever sends bytes to a URL: a status of HTTP, as S3's. */
  const send = (method: string, url: string, bytes: Uint8Array, now: number): number => {
    const { pathname, host, searchParams } = new URL(url)
    const grant = grants.get(searchParams.get('signature') ?? '')
    const isSigned = method === 'PUT' && `${host}${pathname}` === grant?.key
    if (grant === undefined || !isSigned || now >= grant.expiresAt) return FORBIDDEN
    if (bytes.byteLength !== grant.sizeBytes) return BAD_REQUEST
    if ('uploadId' in grant) {
      return putPart(grant.key, grant.uploadId, grant.partNumber, bytes) === undefined
        ? NOT_FOUND
        : OK
    }
    if (createHash('sha256').update(bytes).digest('hex') !== grant.sha256) return BAD_REQUEST
    if (put(grant.key, bytes, true) === 'exists') return PRECONDITION_FAILED
    checksums.set(grant.key, grant.sha256)
    return OK
  }

  const start = (key: string): string => {
    const id = randomUUID()
    uploads.set(id, { key, parts: new Map() })
    return id
  }

  const pending = (key: string, id: string): PendingUpload | undefined => {
    const upload = uploads.get(id)
    return upload?.key === key ? upload : undefined
  }

  const putPart = (
    key: string,
    id: string,
    partNumber: number,
    bytes: Uint8Array,
  ): string | undefined => {
    assertPartNumber(partNumber)
    const etag = randomUUID()
    const upload = pending(key, id)
    upload?.parts.set(partNumber, { etag, bytes })
    return upload && etag
  }

  const complete = (key: string, id: string, parts: readonly Part[], ifAbsent: boolean) => {
    const upload = pending(key, id)
    if (upload === undefined) return 'unknownUpload'
    const stored = parts.map(({ number, etag }, index) => {
      const part = upload.parts.get(number)
      const previous = parts[index - 1]?.number ?? 0
      return part?.etag === etag && number > previous ? part.bytes : undefined
    })
    const bytes = stored.filter((part) => part !== undefined)
    if (parts.length === 0 || bytes.length < stored.length) return 'invalidPart'
    if (bytes.slice(0, -1).some((part) => part.byteLength < minPartBytes)) return 'partTooSmall'
    const outcome = put(key, Buffer.concat(bytes), ifAbsent)
    if (outcome === 'created') uploads.delete(id)
    return outcome
  }

  const abort = (key: string): void => {
    for (const [id, upload] of uploads) if (upload.key === key) uploads.delete(id)
  }

  const list = (prefix: string): string[] =>
    [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()

  const parts = (key: string, id: string): readonly StoredPart[] | undefined => {
    const upload = pending(key, id)
    return (
      upload &&
      [...upload.parts]
        .map(([number, { etag, bytes }]) => ({ number, etag, sizeBytes: bytes.byteLength }))
        .sort((a, b) => a.number - b.number)
    )
  }

  return {
    ...{ objects, uploads, checksums, put, remove, sign, send },
    ...{ start, putPart, parts, complete, abort, list },
    /** Grows with every change of an object. */
    changes: (): number => changes,
  }
}

export type Bucket = ReturnType<typeof createBucket>
