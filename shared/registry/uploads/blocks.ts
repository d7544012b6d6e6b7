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
  /** The same, as it comes: whole blocks, and what is left when it is closed. For one reader. */
  readonly pieces: () => AsyncIterable<readonly Uint8Array[]>
  /** Nothing will be added any more. */
  readonly close: () => void
  /** Lends the memory to others. To be called only when nothing reads it any more. */
  readonly release: () => void
}

export const createBlocks = (): Blocks => {
  const blocks: Uint8Array[] = []
  let size = 0
  let isClosed = false
  let wake = (): void => undefined

  const views = (from: number, to: number): readonly Uint8Array[] =>
    blocks
      .slice(from, to)
      .map((block, index) =>
        block.subarray(0, Math.min(BLOCK_BYTES, size - (from + index) * BLOCK_BYTES)),
      )

  const pieces = async function* (): AsyncGenerator<readonly Uint8Array[]> {
    for (let given = 0; ;) {
      const ready = isClosed ? blocks.length : Math.floor(size / BLOCK_BYTES)
      if (ready > given) {
        const some = views(given, ready)
        given = ready
        yield some
      } else if (isClosed) {
        return
      } else {
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  }

  return {
    add: (bytes) => {
      for (let from = 0; from < bytes.byteLength;) {
        const at = size % BLOCK_BYTES
        if (at === 0) blocks.push(idle.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES))
        const some = bytes.subarray(from, from + BLOCK_BYTES - at)
        blocks.at(-1)?.set(some, at)
        from += some.byteLength
        size += some.byteLength
        if (size % BLOCK_BYTES === 0) wake()
      }
    },
    size: () => size,
    bytes: () => views(0, blocks.length),
    pieces,
    close: () => {
      isClosed = true
      wake()
    },
    release: () => {
      idle.push(...blocks.splice(0).slice(0, MAX_IDLE_BLOCKS - idle.length))
      size = 0
    },
  }
}
