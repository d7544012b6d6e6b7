/** Signed URLs by which clients put objects and parts into this server's own store, as into S3. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, SignedRequest } from '../ports.ts'
import type { Redirect } from './signed-read.ts'

const PATH = '/objects/'
/** What a signature of another kind cannot begin with: it begins with a key, and those are in lower case. */
const PURPOSE = 'PUT'
const SECOND_MS = 1_000

/** What one signed URL lets its holder put: a whole object by its checksum, or one part of an upload. */
export type SignedWrite = { readonly key: string; readonly sizeBytes: number } & (
  | { readonly sha256: string }
  | { readonly uploadId: string; readonly partNumber: number; readonly offset: number }
)

/** A request that `verifySignedWrite` accepts until it expires. */
export const signWrite = (
  { baseUrl, secret }: Redirect,
  write: SignedWrite,
  expiresInSeconds: number,
  clock: Pick<Clock, 'now'>,
): SignedRequest => {
  const expires = String(Math.floor(clock.now() / SECOND_MS) + expiresInSeconds)
  const query = { ...queryOf(write), expires }
  const signature = sign(secret, write.key, query).toString('base64url')
  const search = new URLSearchParams({ ...query, signature })
  return {
    method: 'PUT',
    url: `${baseUrl}${PATH}${write.key}?${search.toString()}`,
    headers: { 'content-length': String(write.sizeBytes) },
  }
}

/** What a URL lets its holder put; `undefined` when it was not signed with the secret or has expired. */
export const verifySignedWrite = (
  url: URL,
  secret: string,
  now: number,
): SignedWrite | undefined => {
  const at = url.pathname.indexOf(PATH)
  const { signature, ...query } = Object.fromEntries(url.searchParams)
  if (at < 0 || signature === undefined) return undefined
  const key = url.pathname.slice(at + PATH.length)
  const expected = sign(secret, key, query)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  return now < Number(query['expires']) * SECOND_MS ? writeOf(key, query) : undefined
}

const queryOf = (write: SignedWrite): Readonly<Record<string, string>> => ({
  size: String(write.sizeBytes),
  ...('sha256' in write
    ? { sha256: write.sha256 }
    : {
        upload: write.uploadId,
        part: String(write.partNumber),
        offset: String(write.offset),
      }),
})

/** The query is our own by its signature. */
const writeOf = (key: string, query: Readonly<Record<string, string>>): SignedWrite => {
  const { offset, part, sha256, size, upload = '' } = query
  const sizeBytes = Number(size)
  return sha256 === undefined
    ? { key, sizeBytes, uploadId: upload, partNumber: Number(part), offset: Number(offset) }
    : { key, sizeBytes, sha256 }
}

/** Over every name and value, so that none can be added, left out or exchanged. */
const sign = (secret: string, key: string, query: Readonly<Record<string, string>>): Buffer => {
  const pairs = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHmac('sha256', secret)
    .update(JSON.stringify([PURPOSE, key, pairs]))
    .digest()
}
