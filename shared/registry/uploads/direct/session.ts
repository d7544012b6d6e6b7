import { RegistryError } from '../../../oci/errors.ts'
import type { RepositoryName } from '../../../oci/name.ts'
import { transact } from '../../../store/transact.ts'
import { key, type ObjectId } from '../../../table.ts'
import type { RegistryContext } from '../../context.ts'
import {
  findAnyUpload,
  readUpload,
  unchanged,
  uploadUnknown,
  type Direct,
  type Upload,
} from '../upload.ts'

/**
 * ```
 *   begin --> open --- put at once, checksum compared by the store ----------------+
 *              |                                                                   v
 *              +-- all parts are there --> verify --- read through, digest right --> OWN
 *              |                             |
 *              +-- cancel, review            +-- digest wrong --> DOOM
 * ```
 */
export type DirectUpload = Upload & { readonly direct: Direct }

/** URLs are good for this long; a client that is slower asks for others. */
export const URL_SECONDS = 3_600
const SECOND_MS = 1_000
const MAX_TRIES = 10

export const isDirect = (upload: Upload | undefined): upload is DirectUpload =>
  upload?.direct !== undefined

/**
 * A direct upload of a repository, in any state.
 * @throws RegistryError NAME_UNKNOWN, BLOB_UPLOAD_UNKNOWN
 */
export const findDirectUpload = async (
  context: RegistryContext,
  name: RepositoryName,
  oid: ObjectId,
): Promise<DirectUpload> => {
  const upload = await findAnyUpload(context, name, oid)
  if (!isDirect(upload)) throw uploadUnknown(oid)
  return upload
}

/** @throws RegistryError BLOB_UPLOAD_UNKNOWN */
export const readDirectUpload = async (
  context: Pick<RegistryContext, 'store'>,
  oid: ObjectId,
): Promise<DirectUpload> => {
  const upload = await readUpload(context, oid)
  if (!isDirect(upload)) throw uploadUnknown(oid)
  return upload
}

type Changes = Readonly<Record<string, string | number | Uint8Array>>

/** Changes an open session as it was read; `undefined`: somebody else has changed it since. */
export const change = async (
  { store }: Pick<RegistryContext, 'store'>,
  upload: DirectUpload,
  set: Changes,
): Promise<DirectUpload | undefined> => {
  const version = store.ids.next()
  const outcome = await transact(store, [
    {
      op: 'update',
      key: key.object(upload.oid),
      set: { ...set, version, updatedAt: store.clock.now() },
      conditions: unchanged(upload),
    },
  ])
  if (!outcome.done) return undefined
  const now = await readDirectUpload({ store }, upload.oid)
  return now.version === version ? now : undefined
}

/**
 * Notes that URLs are about to be given, which is also a sign of life.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN when the session is over
 */
export const noteSigning = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<DirectUpload> => {
  let seen = upload
  for (let tries = 0; tries < MAX_TRIES && seen.state === 'UP'; tries += 1) {
    const signedUntil = context.store.clock.now() + URL_SECONDS * SECOND_MS
    const changed = await change(context, seen, { signedUntil })
    if (changed !== undefined) return changed
    // Another request of the same client was faster.
    seen = await readDirectUpload(context, upload.oid)
  }
  throw uploadUnknown(upload.oid)
}

/** For a registry whose store cannot sign. */
export const notSigning = (): RegistryError =>
  new RegistryError('UNSUPPORTED', {
    message: 'this registry takes no direct uploads; push through it instead',
  })
