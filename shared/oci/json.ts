import { RegistryError } from './errors.ts'

const MAX_DEPTH = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** A byte order mark is kept, so that JSON refuses it: stored bytes and read text never differ. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the JSON of a manifest.
 * @throws RegistryError MANIFEST_INVALID when it is not UTF-8, not JSON, or nested more than 64 deep
 */
export const parseManifestJson = (bytes: Uint8Array): unknown => {
  if (isTooDeep(bytes)) throw invalid(`the manifest is nested more than ${MAX_DEPTH} deep`)
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw invalid('the manifest is not JSON in UTF-8', cause)
  }
}

/** Counts brackets outside strings, so that a bomb costs one pass and no recursion. */
const isTooDeep = (bytes: Uint8Array): boolean => {
  let depth = 0
  let inString = false
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (inString) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (OPENING.has(byte)) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if (CLOSING.has(byte)) {
      depth -= 1
    }
  }
  return false
}

const invalid = (message: string, cause?: unknown): RegistryError =>
  new RegistryError('MANIFEST_INVALID', { message, cause })
