import type { Context } from 'hono'
import type * as z from 'zod'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { lengthOf, parseChunkRange } from '../../../shared/oci/range.ts'
import type { Batches, UploadBody } from '../../../shared/registry/uploads/body.ts'
import type { RegistryEnv } from '../factory.ts'

type RegistryRequest = Pick<Context<RegistryEnv>, 'env' | 'req'>

const NUMBER = /^\d{1,16}$/

/** The body as it comes in; the platform's own stream where there is one. */
const bytesOf = ({ env, req }: RegistryRequest): Batches =>
  // The bindings are absent under app.request(), whatever the type says.
  (env as typeof env | undefined)?.body ?? oneByOne(req.raw.body ?? [])

const oneByOne = async function* (
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Batches {
  for await (const piece of pieces) yield [piece]
}

/**
 * Takes a whole body into memory.
 * @throws RegistryError MANIFEST_INVALID (413) as soon as it is above the limit
 */
export const readWhole = async (c: RegistryRequest, maxBytes: number): Promise<Uint8Array> => {
  const tooLarge = (): RegistryError =>
    new RegistryError('MANIFEST_INVALID', {
      status: 413,
      message: `a manifest has at most ${maxBytes} bytes`,
      detail: { maxBytes },
    })
  if ((contentLength(c) ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const batch of bytesOf(c)) {
    for (const { byteLength } of batch) received += byteLength
    if (received > maxBytes) throw tooLarge()
    chunks.push(Buffer.concat(batch))
  }
  return Buffer.concat(chunks)
}

/** A request that is JSON is a small one. */
const MAX_JSON_BYTES = 64 * 1024

/**
 * The JSON of a request, held to a schema.
 * @throws RegistryError BLOB_UPLOAD_INVALID, which names what is wrong
 */
export const readJson = async <S extends z.ZodType>(
  c: RegistryRequest,
  schema: S,
): Promise<z.output<S>> => {
  const invalid = (why: readonly string[], cause?: unknown): RegistryError =>
    new RegistryError('BLOB_UPLOAD_INVALID', {
      message: `the body is not the JSON that is wanted here: ${why.join('; ')}`,
      cause,
    })
  const text = new TextDecoder().decode(await readWhole(c, MAX_JSON_BYTES))
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw invalid(['it is no JSON'], error)
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  throw invalid(result.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`))
}

/**
 * The bytes of an upload request, with what its headers say of them. `undefined`: the headers say there are none.
 * @throws RegistryError SIZE_INVALID when Content-Range and Content-Length differ; BLOB_UPLOAD_INVALID
 */
export const uploadBody = (c: RegistryRequest): UploadBody | undefined => {
  const lengthBytes = contentLength(c)
  const header = c.req.header('Content-Range')
  const range = header === undefined ? undefined : parseChunkRange(header)
  const isStreamed = c.req.header('Transfer-Encoding') !== undefined
  if (range !== undefined && lengthBytes !== undefined && lengthOf(range) !== lengthBytes) {
    throw new RegistryError('SIZE_INVALID', {
      message: 'Content-Range and Content-Length give different lengths',
      detail: { contentRangeBytes: lengthOf(range), contentLengthBytes: lengthBytes },
    })
  }
  if (range === undefined && !isStreamed && (lengthBytes ?? 0) === 0) return undefined
  return {
    bytes: bytesOf(c),
    lengthBytes: lengthBytes ?? (range && lengthOf(range)),
    start: range?.start,
  }
}

const contentLength = ({ req }: RegistryRequest): number | undefined => {
  const header = req.header('Content-Length')
  if (header === undefined) return undefined
  if (!NUMBER.test(header)) throw new RegistryError('SIZE_INVALID')
  return Number(header)
}
