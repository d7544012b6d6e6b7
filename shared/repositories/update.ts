import { DomainError } from '../errors.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { noRepository } from './find.ts'
import type { ListedRepository } from './items.ts'

/** Longer texts belong into a page of their own. */
const MAX_DESCRIPTION_BYTES = 64 * 1024

/**
 * Sets what people are told of a repository; the last one to say so is believed.
 * @throws DomainError BAD_REQUEST, NOT_FOUND when it is gone or another one has its name
 */
export const describeRepository = async (
  store: Store,
  { pid, rid, name }: ListedRepository,
  description: string,
): Promise<void> => {
  if (Buffer.byteLength(description) > MAX_DESCRIPTION_BYTES) {
    throw new DomainError('BAD_REQUEST', `a description has at most ${MAX_DESCRIPTION_BYTES} bytes`)
  }
  const outcome = await retry(store, async () => {
    const written = await store.kv.write({
      op: 'update',
      key: key.repositoryOfProject(pid, name.path),
      set: { description: description.toWellFormed(), updatedAt: store.clock.now() },
      conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'rid', value: rid }],
    })
    return written === 'conflict' ? AGAIN : written
  })
  if (outcome === 'refused') throw noRepository(name)
}
