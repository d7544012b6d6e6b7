import manifest from '../../package.json' with { type: 'json' }
import type { LogIn } from '../../shared/identity/log-in.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { createAuthenticate } from './credentials.ts'
import type { ApiDeps } from './deps.ts'
import { createResolveProject } from './resolve-project.ts'

/** What the management API is put together from, on Lambda as on one machine. */
export type ApiParts = Pick<ApiDeps, 'jobWaits' | 'reportError' | 'volumes'> & {
  /** Of the distribution API, where it is in the same process. */
  readonly registry: RegistryContext
  readonly logIn: LogIn
  readonly externalUrl: string | undefined
  readonly storage: ApiDeps['info']['storage']
}

/** Puts the management API together. */
export const composeApi = ({ externalUrl, logIn, storage, ...parts }: ApiParts): ApiDeps => {
  const { store } = parts.registry
  return {
    ...parts,
    store,
    logIn,
    authenticate: createAuthenticate({ store, logIn }),
    resolveProject: createResolveProject(store),
    info: { version: manifest.version, externalUrl, storage },
  }
}
