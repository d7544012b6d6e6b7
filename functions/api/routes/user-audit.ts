import type { Operation } from '../../../shared/audit/entry.ts'
import type { UserNumber } from '../../../shared/auth/principal.ts'
import type { Store } from '../../../shared/store/store.ts'
import { readUser } from '../../../shared/users/find.ts'
import { auditedStore } from '../audit.ts'
import type { ApiContext } from '../factory.ts'

/** The store for a change to a user; one that is not there is for the use case to refuse. */
export const storeOfUser = async (
  c: ApiContext,
  operation: Operation,
  number: UserNumber,
  description?: string,
): Promise<Store> => {
  const resource = await nameOfUser(c, number)
  return await auditedStore(c, { operation, resourceType: 'user', resource, description })
}

/** The store for a change to personal access tokens of a user; `token` is the name of one, which need not be its only. */
export const storeOfToken = async (
  c: ApiContext,
  operation: Operation,
  number: UserNumber,
  token?: string,
): Promise<Store> => {
  const user = await nameOfUser(c, number)
  const what =
    token === undefined
      ? { resource: user, description: 'every token' }
      : { resource: `${user}/${token}` }
  return await auditedStore(c, { operation, resourceType: 'token', ...what })
}

const nameOfUser = async (c: ApiContext, number: UserNumber): Promise<string> =>
  (await readUser(c.get('deps').store, number))?.name ?? String(number)
