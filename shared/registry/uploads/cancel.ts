import type { TransactOperation } from '../../ports.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import type { RegistryContext } from '../context.ts'
import { doomObject } from '../doom.ts'
import { unchanged, uploadUnknown, type Upload } from './upload.ts'

/** Gives a session's object up for deletion; refused when the session has moved on. */
export const doom = (
  store: Store,
  upload: Upload,
  now: number,
  why: Readonly<Record<string, string>> = {},
): readonly TransactOperation[] => {
  const { direct, multipartId, oid } = upload
  // Until then whoever has a URL may still put bytes there.
  const dueAt =
    direct === undefined ? now : Math.max(now, direct.signedUntil + timesOf(store).inFlight)
  return [
    ...doomObject(store, oid, { conditions: unchanged(upload), dueAt, why }),
    ...unlisted(upload),
    ...(direct === undefined || multipartId === undefined
      ? []
      : [enqueue(store.ids, dueAt, { type: 'UPLOAD_CLEANUP', oid })]),
  ]
}

/** Takes a direct upload that is over from the list of those to go on with. */
export const unlisted = ({ direct, oid, rid }: Upload): readonly TransactOperation[] =>
  direct === undefined ? [] : [{ op: 'delete', key: key.directUpload(rid, direct.digest, oid) }]

/** Ends a session for good, whatever was sent to it. Answers whether it was this call that did. */
export const doomUpload = async (
  { store }: Pick<RegistryContext, 'store'>,
  upload: Upload,
  why?: Readonly<Record<string, string>>,
): Promise<boolean> => (await transact(store, doom(store, upload, store.clock.now(), why))).done

/**
 * Cancels a session at its client's wish.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN when a writer was faster: what it wrote stands, and may be cancelled again
 */
export const cancelUpload = async (context: RegistryContext, upload: Upload): Promise<void> => {
  if (!(await doomUpload(context, upload))) throw uploadUnknown(upload.oid)
}
