import type { Hash } from 'node:crypto'
import { digestOfHex, startHash, type Digest, type DigestAlgorithm } from '../../oci/digest.ts'
import type { Upload } from './upload.ts'

/** A hash of an upload's bytes that can go on in a later request. */
export type UploadHash = {
  readonly update: (bytes: Uint8Array) => void
  /** The digest so far; bytes may still be added after it. */
  readonly digest: () => Digest
}

/**
 * Carries the hash of an upload from one request to the next. `undefined` from `resume` means that it is not to be had,
 * and the object must be read back and hashed when it is whole.
 */
export type Hashing = {
  readonly start: (algorithm: DigestAlgorithm) => Promise<UploadHash>
  readonly resume: (upload: Upload) => Promise<UploadHash | undefined>
  /** What to keep in the session, if anything, when its bytes reach `offset`. */
  readonly keep: (upload: Upload, offset: number, hash: UploadHash) => Uint8Array | undefined
  readonly forget: (upload: Upload) => void
}

const MAX_KEPT = 4_096

/** For one long-lived process: the fast hash of the platform, which cannot be written down, kept in memory. */
export const createProcessHashing = (): Hashing => {
  const kept = new Map<string, { readonly offset: number; readonly hash: Hash }>()
  const native = new WeakMap<UploadHash, Hash>()

  const wrap = (algorithm: DigestAlgorithm, hash: Hash): UploadHash => {
    const wrapped: UploadHash = {
      update: (bytes) => {
        hash.update(bytes)
      },
      digest: () => digestOfHex(algorithm, hash.copy().digest('hex')),
    }
    native.set(wrapped, hash)
    return wrapped
  }

  return {
    start: (algorithm) => Promise.resolve(wrap(algorithm, startHash(algorithm))),
    resume: (upload) => {
      if (upload.offset === 0) {
        return Promise.resolve(wrap(upload.algorithm, startHash(upload.algorithm)))
      }
      const known = kept.get(upload.oid)
      // A copy: of two writers who go on from here only one will be the one whose bytes count.
      return Promise.resolve(
        known?.offset === upload.offset ? wrap(upload.algorithm, known.hash.copy()) : undefined,
      )
    },
    keep: (upload, offset, hash) => {
      const wrapped = native.get(hash)
      if (wrapped === undefined) return undefined
      kept.delete(upload.oid)
      kept.set(upload.oid, { offset, hash: wrapped })
      const [oldest] = kept.keys()
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
      return undefined
    },
    forget: (upload) => {
      kept.delete(upload.oid)
    },
  }
}

/** For many short-lived processes: a slower hash whose state is written into the session. */
export const createPortableHashing = (): Hashing => {
  const states = new WeakMap<UploadHash, () => Uint8Array>()

  const create = async (algorithm: DigestAlgorithm, state?: Uint8Array): Promise<UploadHash> => {
    // With the first upload: a function that is asked for nothing but pulls starts without it.
    const { createSHA256, createSHA512 } = await import('./sha2.ts')
    const hasher = await (algorithm === 'sha256' ? createSHA256() : createSHA512())
    if (state === undefined) hasher.init()
    else hasher.load(state)
    const hash: UploadHash = {
      update: (bytes) => {
        hasher.update(bytes)
      },
      digest: () => {
        const saved = hasher.save()
        const digest = digestOfHex(algorithm, hasher.digest('hex'))
        hasher.load(saved)
        return digest
      },
    }
    states.set(hash, () => hasher.save())
    return hash
  }

  return {
    start: async (algorithm) => await create(algorithm),
    resume: async (upload) =>
      upload.offset === 0 || upload.hash !== undefined
        ? await create(upload.algorithm, upload.offset === 0 ? undefined : upload.hash)
        : undefined,
    keep: (_upload, _offset, hash) => states.get(hash)?.(),
    forget: () => undefined,
  }
}
