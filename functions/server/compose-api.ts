import manifest from '../../package.json' with { type: 'json' }
import { readVolume } from '../../shared/embedded/volume.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import type { Store } from '../../shared/store/store.ts'
import type { ApiDeps } from '../api/deps.ts'
import { createAuthenticate } from '../api/credentials.ts'
import { createResolveProject } from '../api/resolve-project.ts'
import type { ServerOptions } from './options.ts'

type Parts = {
  readonly store: Store
  readonly registry: ApiDeps['registry']
  readonly logIn: LogIn
  readonly reportError: ApiDeps['reportError']
  readonly jobWaits: ApiDeps['jobWaits']
}

/** Puts the management API together. */
export const composeApi = (
  { data, externalUrl }: ServerOptions,
  { jobWaits, logIn, registry, reportError, store }: Parts,
): ApiDeps => ({
  store,
  registry,
  reportError,
  jobWaits,
  logIn,
  authenticate: createAuthenticate({ store, logIn }),
  resolveProject: createResolveProject(store),
  volumes: async () => [await readVolume(data)],
  info: { version: manifest.version, externalUrl, storage: 'filesystem' },
})
