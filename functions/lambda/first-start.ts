import { DomainError } from '../../shared/errors.ts'
import { ensureLibrary } from '../../shared/projects/create.ts'
import type { Store } from '../../shared/store/store.ts'
import { ensureAdmin } from '../../shared/users/admin.ts'

/**
 * Makes what a new registry needs, the project `library` and an administrator, once in the life of a process: it is to be
 * called before every login, and costs nothing from the second time on. Any number of processes may do so at once.
 * @throws Error when the password is one that nobody may have; the next login tries again
 */
export const createFirstStart = (
  store: Store,
  readPassword: () => Promise<string>,
): (() => Promise<void>) => {
  let started: Promise<unknown> | undefined
  return async () => {
    started ??= Promise.all([ensureLibrary(store), ensureAdmin(store, readPassword)])
    try {
      await started
    } catch (error) {
      started = undefined
      throw ours(error)
    }
  }
}

/** Whoever logs in has done nothing wrong when it is the first password that does not do. */
const ours = (error: unknown): unknown =>
  error instanceof DomainError
    ? new Error(`put another one into the secret with the first password: ${error.message}`, {
        cause: error,
      })
    : error
