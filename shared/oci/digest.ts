import { createHash, type Hash } from 'node:crypto'
import { RegistryError } from './errors.ts'

declare const brand: unique symbol

/** `algorithm:encoded` of a registered algorithm (image-spec descriptor.md, "Digests"), checked once, at the edge. */
export type Digest = string & { readonly [brand]: 'Digest' }

export const DIGEST_ALGORITHMS = ['sha256', 'sha512'] as const
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number]

const REGISTERED = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/
/** The grammar of the specification, which also allows algorithms that nobody has registered. */
const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/
const SHOWN_CHARACTERS = 200

/** Whether `text` is a digest that this registry can verify. */
export const isDigest = (text: string): text is Digest => REGISTERED.test(text)

/**
 * @throws RegistryError DIGEST_INVALID for text outside the grammar and for algorithms other than sha256 and sha512.
 * @example parseDigest('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
 */
export const parseDigest = (text: string): Digest => {
  if (isDigest(text)) return text
  const shown = text.slice(0, SHOWN_CHARACTERS)
  throw new RegistryError('DIGEST_INVALID', {
    message: GRAMMAR.test(text)
      ? 'unsupported digest: use sha256 with 64 or sha512 with 128 lower-case hex digits'
      : 'malformed digest: expected algorithm:encoded',
    detail: { digest: shown },
  })
}

export const algorithmOf = (digest: Digest): DigestAlgorithm =>
  digest.startsWith('sha512:') ? 'sha512' : 'sha256'

/** @throws RegistryError DIGEST_INVALID for any algorithm but sha256 and sha512. */
export const parseAlgorithm = (text: string): DigestAlgorithm => {
  const known = DIGEST_ALGORITHMS.find((algorithm) => algorithm === text)
  if (known) return known
  throw new RegistryError('DIGEST_INVALID', {
    message: 'unsupported digest algorithm: use sha256 or sha512',
    detail: { algorithm: text.slice(0, SHOWN_CHARACTERS) },
  })
}

/** Names the algorithm of an encoded hash, as a hash function computed it. */
export const digestOfHex = (algorithm: DigestAlgorithm, hex: string): Digest =>
  parseDigest(`${algorithm}:${hex}`)

export const startHash = (algorithm: DigestAlgorithm): Hash => createHash(algorithm)

/** The digest of bytes that are all at hand. */
export const digestOf = (
  bytes: Uint8Array | string,
  algorithm: DigestAlgorithm = 'sha256',
): Digest => digestOfHex(algorithm, createHash(algorithm).update(bytes).digest('hex'))
