import manifest from '../../package.json' with { type: 'json' }
import { ANONYMOUS } from '../../shared/auth/principal.ts'
import { readVolume } from '../../shared/embedded/volume.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import type { Store } from '../../shared/store/store.ts'
import type { ApiDeps } from '../api/deps.ts'
import { createResolveProject } from '../api/resolve-project.ts'
import { credentialsOf } from '../registry/http/credentials.ts'
import type { ServerOptions } from './options.ts'

type Parts = {
  readonly store: Store
  readonly logIn: LogIn
  readonly reportError: ApiDeps['reportError']
}

/** Puts the management API together. */
export const composeApi = (
  { data, externalUrl }: ServerOptions,
  { logIn, reportError, store }: Parts,
): ApiDeps => ({
  store,
  reportError,
  authenticate: async ({ address, headers }) => {
    const credentials = credentialsOf(headers.get('Authorization') ?? undefined, address)
    if (credentials.kind === 'none') return ANONYMOUS
    return credentials.kind === 'basic' ? (await logIn(credentials))?.principal : undefined
  },
  resolveProject: createResolveProject(store),
  volumes: async () => [await readVolume(data)],
  info: { version: manifest.version, externalUrl, storage: 'filesystem' },
})
