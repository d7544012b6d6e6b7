/** The two shapes in which bytes reach a store, as one. */
import type { Incoming } from './ports.ts'

/** At most so many bytes will come. */
export const mostOf = (bytes: readonly Uint8Array[] | Incoming): number =>
  'pieces' in bytes
    ? bytes.atMostBytes
    : bytes.reduce((total, { byteLength }) => total + byteLength, 0)

/** Bytes as they come: those that are there already at once. */
export const piecesOf = async function* (
  bytes: readonly Uint8Array[] | Incoming,
): AsyncGenerator<readonly Uint8Array[]> {
  if ('pieces' in bytes) yield* bytes.pieces
  else yield bytes
}

/**
 * All bytes, when the last of them is there.
 * @throws RangeError when they are more than was said
 */
export const wholeOf = async (bytes: readonly Uint8Array[] | Incoming): Promise<Buffer> => {
  const all: Uint8Array[] = []
  let left = mostOf(bytes)
  for await (const some of piecesOf(bytes)) {
    left -= mostOf(some)
    if (left < 0) throw new RangeError('a part is longer than was said')
    all.push(...some)
  }
  return Buffer.concat(all)
}
