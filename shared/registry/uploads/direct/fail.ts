import type { RegistryError } from '../../../oci/errors.ts'
import type { Digest } from '../../../oci/digest.ts'
import type { RegistryContext } from '../../context.ts'
import { doomUpload } from '../cancel.ts'
import { digestMismatch, uploadUnknown } from '../upload.ts'
import type { DirectUpload } from './session.ts'

/** Ends an upload whose bytes are not what was said; its object goes by task, and the session tells why. */
export const failUpload = async (
  context: Pick<RegistryContext, 'store'>,
  upload: DirectUpload,
  computed: Digest,
): Promise<void> => {
  await doomUpload(context, upload, { computed })
}

/** What is said of an upload that is doomed. */
export const failed = ({ direct, oid }: DirectUpload): RegistryError =>
  direct.computed === undefined
    ? uploadUnknown(oid)
    : digestMismatch(direct.digest, direct.computed)
