import type { TransactOperation } from '../../ports.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import type { RegistryContext } from '../context.ts'
import { unchanged, uploadUnknown, type Upload } from './upload.ts'

/** Gives a session's object up for deletion; refused when the session has moved on. */
export const doom = (store: Store, upload: Upload, now: number): readonly TransactOperation[] => [
  {
    op: 'update',
    key: key.object(upload.oid),
    set: { state: 'DOOM', version: store.ids.next(), updatedAt: now },
    conditions: unchanged(upload),
  },
  enqueue(store.ids, now, { type: 'OBJECT_DELETE', oid: upload.oid }),
]

/** Ends a session for good, whatever was sent to it. Answers whether it was this call that did. */
export const doomUpload = async (
  { store }: Pick<RegistryContext, 'store'>,
  upload: Upload,
): Promise<boolean> => (await transact(store, doom(store, upload, store.clock.now()))).done

/**
 * Cancels a session at its client's wish.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN when a writer was faster: what it wrote stands, and may be cancelled again
 */
export const cancelUpload = async (context: RegistryContext, upload: Upload): Promise<void> => {
  if (!(await doomUpload(context, upload))) throw uploadUnknown(upload.oid)
}
