import type { SignedReadOptions } from '../ports.ts'
import type { Signing } from './signing.ts'

/** Signed reads of objects. */
export const createSignedReads =
  (sign: Signing) =>
  async (key: string, { contentType, expiresInSeconds }: SignedReadOptions): Promise<string> =>
    await sign(key, {
      method: 'GET',
      query: { 'response-content-type': contentType },
      headers: {},
      expiresInSeconds,
    })
