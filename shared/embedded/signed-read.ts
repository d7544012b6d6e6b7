/** Signed URLs of this server's own objects, so that redirects can be used and tested without a cloud. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, SignedReadOptions } from '../ports.ts'

/** Where the signed URLs lead (`<baseUrl>/objects/<key>`), and what signs them. */
export type Redirect = { readonly baseUrl: string; readonly secret: string }

const PATH = '/objects/'

/** A URL that `verifySignedRead` accepts until it expires. */
export const signRead = (
  { baseUrl, secret }: Redirect,
  key: string,
  { contentType, expiresInSeconds }: SignedReadOptions,
  clock: Pick<Clock, 'now'>,
): string => {
  const expires = String(Math.floor(clock.now() / 1000) + expiresInSeconds)
  const signature = sign(secret, key, expires, contentType).toString('base64url')
  const query = new URLSearchParams({ expires, type: contentType, signature })
  return `${baseUrl}${PATH}${key}?${query.toString()}`
}

/** What a signed URL gives access to; `undefined` when it was not signed with the secret or has expired. */
export const verifySignedRead = (
  url: URL,
  secret: string,
  now: number,
): { readonly key: string; readonly contentType: string } | undefined => {
  const at = url.pathname.indexOf(PATH)
  const expires = url.searchParams.get('expires')
  const contentType = url.searchParams.get('type')
  const signature = url.searchParams.get('signature')
  if (at < 0 || expires === null || contentType === null || signature === null) return undefined
  const key = url.pathname.slice(at + PATH.length)
  const expected = sign(secret, key, expires, contentType)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  return now < Number(expires) * 1000 ? { key, contentType } : undefined
}

/** No part holds a line break: a key by its grammar, a media type by its own. */
const sign = (secret: string, ...parts: readonly string[]): Buffer =>
  createHmac('sha256', secret).update(parts.join('\n')).digest()
