import {
  listUsers,
  readUsers,
  walkNames,
  walkUsers,
  type FoundUser,
} from '../../../../shared/users/list.ts'
import type { User } from '../../../../shared/users/items.ts'
import type { ApiContext } from '../../factory.ts'
import type { ListRequest } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { fieldKey } from '../../http/query.ts'
import { walkedPage } from '../../http/walked.ts'

/** What the list of names can be searched by. */
export const NAME_FIELDS: Fields<FoundUser> = {
  username: ({ name }) => name,
  user_id: ({ number }) => number,
}

const FIELDS: Fields<User> = {
  username: ({ name }) => name,
  user_id: ({ number }) => number,
  email: ({ email }) => email,
  realname: ({ realname }) => realname,
  comment: ({ comment }) => comment,
  sysadmin_flag: ({ isSysadmin }) => isSysadmin,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}

const KNOWN = new Set(Object.keys(FIELDS).map(fieldKey))
const OF_NAMES = new Set(Object.keys(NAME_FIELDS).map(fieldKey))
const BY_NAME = fieldKey('username')

/** The page of users that is asked for, by the least that has to be read for it; sets the headers that go with it. */
export const userPage = async (c: ApiContext, request: ListRequest): Promise<readonly User[]> => {
  const { store } = c.get('deps')
  const { paging } = request
  const asked = [...request.query.keys()].filter((name) => KNOWN.has(name))
  const sort = request.sort.filter(({ key }) => KNOWN.has(key))
  const [first] = sort
  // Nobody shares a name, so what else it is to be sorted by says nothing.
  const isByName = first === undefined || first.key === BY_NAME
  const order = { isDescending: first?.isDescending }
  if (isByName && asked.length === 0) {
    const { entries, total } = await listUsers(store, {
      ...order,
      limit: paging.pageSize,
      skip: paging.offset,
    })
    setPageHeaders(c, paging, total)
    return entries
  }
  if (isByName && asked.every((name) => OF_NAMES.has(name))) {
    const found = await walkedPage(
      c,
      walkNames(store, order),
      { ...request, sort: [] },
      NAME_FIELDS,
    )
    return await readUsers(store, found)
  }
  return await walkedPage(c, walkUsers(store), { ...request, sort }, FIELDS)
}
