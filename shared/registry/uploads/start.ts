import type { DigestAlgorithm } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import { transact } from '../../store/transact.ts'
import { key, SCHEMA_VERSION, type ObjectId } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { timesOf } from '../../store/store.ts'
import type { RegistryContext } from '../context.ts'
import type { Upload } from './upload.ts'

/**
 * Opens an upload session, and the review that will clear it away if nobody finishes it.
 * @throws RegistryError NAME_UNKNOWN when the project does not exist and may not be made
 */
export const startUpload = async (
  { store, repositories }: RegistryContext,
  name: RepositoryName,
  algorithm: DigestAlgorithm,
): Promise<Upload> => {
  const { pid, rid } = await repositories.forPush(name)
  const oid = store.ids.nextBeside() as ObjectId
  const now = store.clock.now()
  const attributes = {
    pid,
    rid,
    state: 'UP',
    version: store.ids.next(),
    offset: 0,
    algorithm,
    nextPart: 1,
  } as const
  await transact(store, [
    {
      op: 'put',
      item: {
        ...key.object(oid),
        v: SCHEMA_VERSION,
        ...attributes,
        createdAt: now,
        updatedAt: now,
      },
      conditions: [{ kind: 'absent' }],
    },
    enqueue(store.ids, now + timesOf(store).uploadIdle, { type: 'UPLOAD_REVIEW', oid }),
  ])
  return { oid, ...attributes, parts: [] }
}
