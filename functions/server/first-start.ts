import { DomainError } from '../../shared/errors.ts'
import { ensureLibrary } from '../../shared/projects/create.ts'
import type { Store } from '../../shared/store/store.ts'
import { ensureAdmin } from '../../shared/users/admin.ts'
import { OptionsError, type ServerOptions } from './options.ts'

/**
 * What a new data directory needs: the project `library`, and an administrator where people log in. Answers the
 * administrator's password when it was made up just now.
 * @throws OptionsError when the password given is too weak
 */
export const prepare = async (
  store: Store,
  { access, adminPassword }: ServerOptions,
): Promise<string | undefined> => {
  await ensureLibrary(store)
  if (access === 'open') return undefined
  try {
    return await ensureAdmin(store, adminPassword)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    throw new OptionsError(`ROADSTEAD_ADMIN_PASSWORD: ${error.message}`, { cause: error })
  }
}
