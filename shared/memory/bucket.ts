import { randomUUID } from 'node:crypto'
import { assertPartNumber } from '../limits.ts'
import type { Part } from '../ports.ts'

type PendingUpload = {
  readonly key: string
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>
}

/** The bucket of a simulated store: what each operation does at the moment it happens. */
export const createBucket = (minPartBytes: number) => {
  const objects = new Map<string, Uint8Array>()
  const uploads = new Map<string, PendingUpload>()

  const put = (key: string, bytes: Uint8Array, ifAbsent: boolean): 'created' | 'exists' => {
    if (ifAbsent && objects.has(key)) return 'exists'
    objects.set(key, bytes)
    return 'created'
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

  return { objects, uploads, put, start, putPart, complete, abort, list }
}

export type Bucket = ReturnType<typeof createBucket>
