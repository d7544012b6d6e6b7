import { algorithmOf, type Digest } from '../../../oci/digest.ts'
import { RegistryError } from '../../../oci/errors.ts'
import { MAX_PART_NUMBER, MAX_PUT_BYTES } from '../../../ports.ts'
import type { Limits } from '../../context.ts'
import type { Direct } from '../upload.ts'

/** 5 TiB: what every store takes that speaks S3. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 4

/** How the client would like to send the bytes; by default what suits their number. */
export type Wish = 'single' | 'parts' | undefined

/**
 * The size of the parts that a blob is uploaded in; `undefined`: all at once, which has its checksum compared by the
 * store and nothing read again, but begins anew when it breaks off.
 * @throws RegistryError SIZE_INVALID (413)
 */
export const partBytesFor = (
  limits: Limits,
  digest: Digest,
  sizeBytes: number,
  wish: Wish,
): number | undefined => {
  if (sizeBytes > MAX_OBJECT_BYTES) {
    throw new RegistryError('SIZE_INVALID', {
      status: 413,
      message: `a blob has at most ${MAX_OBJECT_BYTES} bytes`,
      detail: { maxBytes: MAX_OBJECT_BYTES },
    })
  }
  const most = { single: MAX_PUT_BYTES, parts: 0 }
  const atOnce = wish === undefined ? limits.directPutBytes : most[wish]
  // The store knows no checksum but this one.
  if (algorithmOf(digest) === 'sha256' && sizeBytes <= atOnce) return undefined
  let partBytes = limits.directPartBytes
  while (sizeBytes > partBytes * MAX_PART_NUMBER) partBytes *= 2
  return partBytes
}

export type PlannedPart = {
  readonly number: number
  readonly offset: number
  readonly sizeBytes: number
}

/** How many parts there are: one of no bytes for a blob of none. */
export const partCount = ({ partBytes, sizeBytes }: Direct): number =>
  partBytes === undefined ? 0 : Math.max(1, Math.ceil(sizeBytes / partBytes))

/** A part by its number; `undefined`: there is no such part. */
export const plannedPart = (direct: Direct, number: number): PlannedPart | undefined => {
  const { partBytes, sizeBytes } = direct
  if (partBytes === undefined || number < 1 || number > partCount(direct)) return undefined
  const offset = (number - 1) * partBytes
  return { number, offset, sizeBytes: Math.min(partBytes, sizeBytes - offset) }
}
