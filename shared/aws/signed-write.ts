import { assertPartNumber } from '../limits.ts'
import type { Multipart, Objects } from '../ports.ts'
import type { Signing } from './signing.ts'

/**
 * Signed writes of objects and parts. What is signed with the URL S3 holds the request to: the length, the checksum
 * (which S3 compares with the bytes and refuses others by), and that the key is free.
 */
export const createSignedWrites = (
  sign: Signing,
): { readonly put: Objects['signedPut']; readonly part: Multipart['signedPart'] } => ({
  put: async (key, { expiresInSeconds, sha256, sizeBytes }) => {
    const headers = {
      'content-length': String(sizeBytes),
      'if-none-match': '*',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    }
    const url = await sign(key, { method: 'PUT', query: {}, headers, expiresInSeconds })
    return { method: 'PUT', url, headers }
  },

  part: async (key, uploadId, partNumber, { expiresInSeconds, sizeBytes }) => {
    assertPartNumber(partNumber)
    const headers = { 'content-length': String(sizeBytes) }
    const query = { partNumber: String(partNumber), uploadId }
    const url = await sign(key, { method: 'PUT', query, headers, expiresInSeconds })
    return { method: 'PUT', url, headers }
  },
})
