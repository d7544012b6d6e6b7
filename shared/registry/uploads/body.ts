import { RegistryError } from '../../oci/errors.ts'
import type { UploadHash } from './hashing.ts'
import type { Staging } from './staging.ts'

/**
 * Bytes as they come, several pieces at a time where several have come. Pieces may be looked at until the next batch is
 * asked for; who keeps bytes copies them.
 */
export type Batches = AsyncGenerator<readonly Uint8Array[], void, undefined>

/** The bytes of one request, with what its headers said of them. */
export type UploadBody = {
  readonly bytes: Batches
  /** Content-Length; absent when the client streams. */
  readonly lengthBytes?: number | undefined
  /** First byte by Content-Range; absent: they continue the upload wherever it stands. */
  readonly start?: number | undefined
}

/**
 * Takes a body into the staging; answers how many bytes came.
 * @throws RegistryError SIZE_INVALID when they are not as many as was said
 */
export const receive = async (
  body: UploadBody,
  staging: Staging,
  hash: UploadHash | undefined,
): Promise<number> => {
  let received = 0
  for await (const batch of body.bytes) {
    for (const piece of batch) {
      hash?.update(piece)
      received += piece.byteLength
    }
    await staging.add(batch)
  }
  if (body.lengthBytes !== undefined && received !== body.lengthBytes) {
    throw new RegistryError('SIZE_INVALID', {
      detail: { announcedBytes: body.lengthBytes, receivedBytes: received },
    })
  }
  return received
}
