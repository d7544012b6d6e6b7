import { bucketKey } from '../../../bucket.ts'
import { algorithmOf, digestOfHex } from '../../../oci/digest.ts'
import type { RegistryContext } from '../../context.ts'
import type { DirectUpload } from './session.ts'

/**
 * Whether an object may become the blob that its upload was begun for, by what the store itself has found out about its
 * bytes. `unverified`: it has the right size, and somebody must read it.
 */
export const adoptedBy = async (
  { objects }: RegistryContext,
  { direct, oid }: DirectUpload,
): Promise<'adopted' | 'unverified' | 'other' | 'absent'> => {
  const found = await objects.inspect(bucketKey.object(oid))
  if (found === undefined) return 'absent'
  if (found.sizeBytes !== direct.sizeBytes) return 'other'
  if (found.sha256 === undefined || algorithmOf(direct.digest) !== 'sha256') return 'unverified'
  return digestOfHex('sha256', found.sha256) === direct.digest ? 'adopted' : 'other'
}
