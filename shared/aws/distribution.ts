import type { Objects } from '../ports.ts'
import { atFirstUse } from './brief-client.ts'

/** A distribution of CloudFront that stands before the bucket, and by what it knows URLs of ours. */
export type Distribution = {
  /** Such as `https://d111111abcdef8.cloudfront.net`, without a path. */
  readonly url: string
  /** What CloudFront calls the public key. */
  readonly keyId: string
  /** Its private key, in PEM; asked for with the first read. */
  readonly readPrivateKey: () => Promise<string>
}

const SECOND_MS = 1_000

/**
 * Reads of objects by way of a distribution, which keeps what was read near those who read it. Each URL is for one object
 * and one content type until it expires; nothing is asked of AWS but, once, the key.
 */
export const createDistributedReads = (distribution: Distribution): Objects['signedRead'] => {
  const load = atFirstUse(async () => await import('./sdk/cloudfront.ts'))
  const readKey = atFirstUse(distribution.readPrivateKey)
  return async (key, { contentType, expiresInSeconds }) => {
    const [{ getSignedUrl }, privateKey] = await Promise.all([load(), readKey()])
    const url = new URL(key, distribution.url)
    url.searchParams.set('response-content-type', contentType)
    return getSignedUrl({
      url: url.href,
      keyPairId: distribution.keyId,
      privateKey,
      dateLessThan: Date.now() + expiresInSeconds * SECOND_MS,
      algorithm: 'SHA256',
    })
  }
}
