import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export type Compressed = {
  readonly digest: string
  readonly sizeBytes: number
  /** Of the bytes before: a layer's `diff_id`. */
  readonly sourceDigest: string
}

/** What `docker push` and everybody else takes: a good deal smaller, and not yet slow. */
const GZIP_LEVEL = 6
const CHUNK_BYTES = 256 * 1024

/**
 * Compresses a stream into a file, and tells both digests. The same bytes become the same file with the same version of
 * Node, so that a second push finds what the first one sent.
 */
export const gzipInto = async (
  source: Readable,
  path: string,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<Compressed> => {
  const [before, after] = [createHash('sha256'), createHash('sha256')]
  let sizeBytes = 0
  await pipeline(
    source,
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        before.update(piece)
        onRead(piece.byteLength)
        yield piece
      }
    },
    createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK_BYTES }),
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        after.update(piece)
        sizeBytes += piece.byteLength
        yield piece
      }
    },
    createWriteStream(path, { mode: 0o600 }),
    { signal },
  )
  return {
    digest: `sha256:${after.digest('hex')}`,
    sizeBytes,
    sourceDigest: `sha256:${before.digest('hex')}`,
  }
}

/** The digest of a stream. */
export const hashOf = async (
  source: Readable,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of source) {
    signal.throwIfAborted()
    const bytes: unknown = piece
    if (!(bytes instanceof Uint8Array)) throw new Error('the source is no stream of bytes')
    hash.update(bytes)
    onRead(bytes.byteLength)
  }
  return `sha256:${hash.digest('hex')}`
}
