/** Bytes of one block: small enough for the many uploads that are small, and not many of them make up a part. */
const BLOCK_BYTES = 256 * 1024

/** Blocks kept for the next taker; more than this are left to the garbage collector. */
const MAX_IDLE_BLOCKS = 64

const idle: Uint8Array[] = []

/** Bytes on their way into a part, in memory that is used again and again. */
export type Blocks = {
  /** Copies the bytes; the caller may do with them as it likes. */
  readonly add: (bytes: Uint8Array) => void
  readonly size: () => number
  /** Everything so far, in order; good until `release`. */
  readonly bytes: () => readonly Uint8Array[]
  /** Lends the memory to others. To be called only when nothing reads it any more. */
  readonly release: () => void
}

export const createBlocks = (): Blocks => {
  const blocks: Uint8Array[] = []
  let size = 0

  return {
    add: (bytes) => {
      for (let from = 0; from < bytes.byteLength;) {
        const at = size % BLOCK_BYTES
        if (at === 0) blocks.push(idle.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES))
        const some = bytes.subarray(from, from + BLOCK_BYTES - at)
        blocks.at(-1)?.set(some, at)
        from += some.byteLength
        size += some.byteLength
      }
    },
    size: () => size,
    bytes: () =>
      blocks.map((block, index) =>
        block.subarray(0, Math.min(BLOCK_BYTES, size - index * BLOCK_BYTES)),
      ),
    release: () => {
      idle.push(...blocks.splice(0).slice(0, MAX_IDLE_BLOCKS - idle.length))
      size = 0
    },
  }
}
