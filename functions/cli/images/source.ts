import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Blob } from '../direct/uploading.ts'

/** What was learnt of a blob when it was made ready to go. */
export type ReadyBlob = Omit<Blob, 'open'> & {
  readonly mediaType: string
  /** Absent: it is known to be in the repository, and was not made again. */
  readonly open?: Blob['open']
}

export type Preparing = {
  readonly signal: AbortSignal
  /** Whether the repository has a blob. */
  readonly isThere: (digest: string) => Promise<boolean>
  /** Told how much of the source was read. */
  readonly read: (bytes: number) => void
}

/** A blob of an image, which may have to be made first. */
export type PendingBlob = {
  readonly kind: 'config' | 'layer'
  /** What is known before it is made. */
  readonly digest: string
  readonly sourceBytes: number
  readonly prepare: (preparing: Preparing) => Promise<ReadyBlob>
  /** Lets go of what `prepare` has made on disk. */
  readonly release: () => Promise<void>
}

export type Manifest = {
  readonly digest: string
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** An image, or an index of several, as a place where images lie has it. */
export type ImageSource = {
  readonly blobs: readonly PendingBlob[]
  /** Made of the blobs as they turned out; children before parents, so that the last one is the image itself. */
  readonly manifests: (ready: ReadonlyMap<PendingBlob, ReadyBlob>) => readonly Manifest[]
  readonly close: () => Promise<void>
}

/** Each chunk costs a trip through the thread pool; a few are in flight for each connection. */
const CHUNK_BYTES = 256 * 1024

/** Bytes of a file from `start` up to `end`, which is not in it any more. */
export const readFileRange = (path: string, start: number, end: number): Readable =>
  end === start
    ? Readable.from([])
    : createReadStream(path, { start, end: end - 1, highWaterMark: CHUNK_BYTES })
