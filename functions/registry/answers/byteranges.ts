import { randomUUID } from 'node:crypto'
import { contentRange, lengthOf } from '../../../shared/oci/range.ts'
import type { ByteRange } from '../../../shared/ports.ts'
import type { Answer } from '../http/answer.ts'

/** Several ranges in one answer: multipart/byteranges (RFC 9110 section 14.6). Each is opened when its turn comes. */
export const multipartRanges = (
  headers: Answer['headers'],
  contentType: string,
  ranges: readonly ByteRange[],
  sizeBytes: number,
  open: (range: ByteRange) => Promise<AsyncIterable<Uint8Array>>,
): Answer => {
  const boundary = randomUUID()
  const closing = Buffer.from(`\r\n--${boundary}--\r\n`)
  const parts = ranges.map((range) => ({
    range,
    head: Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, sizeBytes)}\r\n\r\n`,
    ),
  }))
  const length = parts.reduce(
    (sum, { range, head }) => sum + head.byteLength + lengthOf(range),
    closing.byteLength,
  )
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (const { range, head } of parts) {
      yield head
      yield* await open(range)
    }
    yield closing
  }
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Type': `multipart/byteranges; boundary=${boundary}`,
      'Content-Length': String(length),
    },
    body: body(),
  }
}
