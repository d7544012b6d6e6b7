import { createHash, randomUUID } from 'node:crypto'
import { MIN_PART_BYTES } from '../../../shared/ports.ts'
import { request } from 'node:http'
import type { ByteRange, Objects, SignedRequest } from '../../../shared/ports.ts'
import type { Guarantee } from '../guarantee.ts'

/** What the topics of the contract test: an open adapter, and how to declare a test. */
export type ObjectsSubject = {
  readonly objects: Objects
  readonly guarantee: Guarantee
  readonly send: Send
}

/** Makes a signed request with a body; answers the status. */
export type Send = (signed: SignedRequest, body: Uint8Array, method?: string) => Promise<number>

/** By HTTP, with exactly the headers that were signed. */
export const sendByHttp: Send = async ({ headers, url }, body, method = 'PUT') =>
  await new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end(body)
  })

/** A key that no other test uses. */
export const freshObject = (): string => `object/${randomUUID()}`

export const bytesOf = (text: string): readonly Uint8Array[] => [new TextEncoder().encode(text)]

/** Bytes that say where they came from. */
export const filled = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte)

/** The least that S3 takes for a part that is not the last. */
export const fullPart = (byte: number): readonly Uint8Array[] => [filled(MIN_PART_BYTES, byte)]

/** The object's bytes, or those of a range; `undefined` when there is no such object. */
export const read = async (
  objects: Objects,
  key: string,
  range?: ByteRange,
): Promise<Buffer | undefined> => {
  const stored = await objects.get(key, range)
  if (stored === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of stored.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const readText = async (
  objects: Objects,
  key: string,
  range?: ByteRange,
): Promise<string | undefined> => (await read(objects, key, range))?.toString()

/** Tells large contents apart without printing them. */
export const sha256 = (bytes: readonly Uint8Array[] | undefined): string => {
  const hash = createHash('sha256')
  for (const part of bytes ?? []) hash.update(part)
  return hash.digest('hex')
}
