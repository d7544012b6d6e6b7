import type { Readable } from 'node:stream'
import type { Limiter } from '../../../shared/limiter.ts'
import type { Remote } from '../remote/registry.ts'

/** Bytes that can be read as often as it takes, and from anywhere. */
export type Blob = {
  readonly digest: string
  readonly sizeBytes: number
  /** From `start` up to `end`, which is not in it any more. */
  readonly open: (start: number, end: number) => Readable
}

/** Told how it goes. */
export type Watch = {
  /** Bytes that have gone, or have not after all when it is less than nothing. */
  readonly sent: (bytes: number) => void
  /** Bytes that the registry has read again so far. */
  readonly verified: (bytes: number) => void
}

export type Uploading = {
  readonly remote: Remote
  /** As in a path: `project/repository`. */
  readonly name: string
  readonly blob: Blob
  /** Of connections that carry bytes, over all blobs. */
  readonly limiter: Limiter
  readonly watch: Watch
  readonly way?: 'single' | 'parts' | undefined
}
