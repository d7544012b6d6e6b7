import { findProjectFor } from '../../shared/projects/find.ts'
import { toProjectName } from '../../shared/projects/name.ts'
import type { Store } from '../../shared/store/store.ts'
import type { ApiDeps } from './deps.ts'
import { nameOrNumber } from './http/names.ts'

/** Looks up the project that a path names, and what decides about the caller in it. */
export const createResolveProject =
  (store: Store): ApiDeps['resolveProject'] =>
  async (principal, nameOrId, isName) => {
    const given = nameOrNumber(nameOrId, isName)
    if (given.kind === 'number') {
      return await findProjectFor(store, principal, { number: given.number })
    }
    const name = toProjectName(given.name)
    return name && (await findProjectFor(store, principal, { name }))
  }
