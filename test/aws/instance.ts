/** The distribution API as an instance of its function has it, over the adapters of AWS, and somebody who is logged in. */
import { createApp } from '../../functions/registry/app.ts'
import { createDoor } from '../../shared/identity/door.ts'
import { createLogIn } from '../../shared/identity/log-in.ts'
import type { Kv, Objects } from '../../shared/ports.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { createUser } from '../../shared/users/create.ts'
import { principalOf } from '../../shared/users/items.ts'
import { authorization } from '../support/credentials.ts'

const LOGIN = { name: 'alice', password: 'Right1234' }
const SCOPE = 'repository:p/a:pull,push,delete registry:catalog:*'
/** Asks for a token as clients do, with a login. */
export const TOKEN_PATH = `/service/token?scope=${encodeURIComponent(SCOPE)}`
export const TOKEN_HEADERS = { Authorization: authorization(LOGIN) } as const

const STARTED_AT = Date.now()
/** Stands still: what is looked up anew every few seconds would be counted on a slow machine, and not on a fast one. */
const clock = { ...systemClock, now: () => STARTED_AT }

/** An instance after a cold start. */
export const createInstance = ({ kv, objects }: { kv: Kv; objects: Objects }) => {
  const store: Store = { kv, clock, ids: createRandomIds() }
  const app = createApp({
    context: {
      ...{ store, objects, limits: DEFAULT_LIMITS, allowSparse: false },
      repositories: createRepositories(store, { createProjectsOnPush: false }),
    },
    verify: () => Promise.reject(new Error('nothing is uploaded directly in parts here')),
    isReadOnly: () => Promise.resolve(false),
    hashing: createPortableHashing(),
    ...createDoor(store, { logIn: createLogIn(store, () => undefined) }),
    reportError: (error) => {
      throw error
    },
  })
  return { store, app }
}

export type Instance = ReturnType<typeof createInstance>

/** Makes alice, who may do everything, and the project `p`; answers her token for `p/a`. */
export const prepare = async ({ app, store }: Instance): Promise<string> => {
  const alice = principalOf(await createUser(store, { ...LOGIN, isSysadmin: true }))
  await createProject(store, alice, { name: parseProjectName('p') })
  const answer = await app.request(TOKEN_PATH, { headers: TOKEN_HEADERS })
  const { token = '' } = (await answer.json()) as { token?: string }
  return token
}
