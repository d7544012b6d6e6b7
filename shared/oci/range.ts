import { RegistryError } from './errors.ts'

/** First and last byte, both included (RFC 9110 section 14.1.2). */
export type ByteRange = { readonly start: number; readonly end: number }

/**
 * What a `Range` header asks for (RFC 9110 section 14.2): `whole` when there is none, or none that this server serves;
 * `unsatisfiable` when it asks for nothing that exists.
 */
export type Wanted =
  | { readonly kind: 'whole' | 'unsatisfiable' }
  | { readonly kind: 'ranges'; readonly ranges: readonly [ByteRange, ...ByteRange[]] }

/** More ranges than this in one request are answered with the whole. */
const MAX_RANGES = 256
const MAX_HEADER_CHARACTERS = 8_192
const BYTES = /^bytes\s*=\s*(.+)$/i
const SPEC = /^(\d{0,16})-(\d{0,16})$/

/**
 * Reads a `Range` header for a representation of `sizeBytes`. Ranges that are upside down count as unsatisfiable, and
 * ranges that together exceed the whole are not worth the parts.
 */
export const parseRange = (header: string | undefined, sizeBytes: number): Wanted => {
  const list = header === undefined ? undefined : BYTES.exec(header)?.[1]
  if (list === undefined || list.length > MAX_HEADER_CHARACTERS) return { kind: 'whole' }
  const specs = list.split(',').map((spec) => spec.trim())
  if (specs.length > MAX_RANGES || !specs.every((spec) => spec !== '-' && SPEC.test(spec))) {
    return { kind: 'whole' }
  }
  const [first, ...rest] = specs.flatMap((spec) => resolve(spec, sizeBytes) ?? [])
  if (first === undefined) return { kind: 'unsatisfiable' }
  const total = [first, ...rest].reduce((sum, range) => sum + lengthOf(range), 0)
  return total > sizeBytes && rest.length > 0
    ? { kind: 'whole' }
    : { kind: 'ranges', ranges: [first, ...rest] }
}

const resolve = (spec: string, sizeBytes: number): ByteRange | undefined => {
  const [, from = '', to = ''] = SPEC.exec(spec) ?? []
  if (from === '') {
    const suffix = Number(to)
    return suffix === 0 || sizeBytes === 0
      ? undefined
      : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes - 1 }
  }
  const start = Number(from)
  const end = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)
  return start > end ? undefined : { start, end }
}

export const lengthOf = ({ start, end }: ByteRange): number => end - start + 1

/** The `Content-Range` of an answer. */
export const contentRange = ({ start, end }: ByteRange, sizeBytes: number): string =>
  `bytes ${start}-${end}/${sizeBytes}`

const CHUNK = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/

/**
 * Reads the `Content-Range` of a chunk (distribution-spec, "Pushing a blob in chunks": `<start>-<end>`, both included).
 * @throws RegistryError BLOB_UPLOAD_INVALID (400) when it is none
 */
export const parseChunkRange = (header: string): ByteRange => {
  const [, from, to] = CHUNK.exec(header.trim()) ?? []
  const range = { start: Number(from), end: Number(to) }
  if (from !== undefined && to !== undefined && range.start <= range.end) return range
  throw new RegistryError('BLOB_UPLOAD_INVALID', {
    message: 'Content-Range must be <first byte>-<last byte>, both included',
    detail: { contentRange: header.slice(0, 100) },
  })
}
