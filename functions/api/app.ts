import { methodNotAllowed } from 'hono/method-not-allowed'
import { denyUnruled, rememberRule } from './access.ts'
import type { ApiDeps } from './deps.ts'
import { newApi, type Api } from './factory.ts'
import { limitBody } from './http/body-limit.ts'
import { ApiError, errorResponse, isOurs, toApiError } from './http/errors.ts'
import { provide } from './middleware.ts'
import { addArtifactAccessories } from './routes/artifacts/artifact-accessories.ts'
import { addArtifactAdditions } from './routes/artifacts/artifact-additions.ts'
import { addArtifactCopy } from './routes/artifacts/artifact-copy.ts'
import { addArtifactLabels } from './routes/artifacts/artifact-labels.ts'
import { addArtifactTags } from './routes/artifacts/artifact-tags.ts'
import { addArtifacts } from './routes/artifacts/artifacts.ts'
import { addTrash } from './routes/artifacts/trash.ts'
import { addAudit } from './routes/audit/audit.ts'
import { addConfigurations } from './routes/system/configurations.ts'
import { addDocs } from './routes/system/docs.ts'
import { addLabels } from './routes/labels/labels.ts'
import { addMembers } from './routes/projects/members.ts'
import { addPermissions } from './routes/system/permissions.ts'
import { addProjectMetadata } from './routes/projects/project-metadata.ts'
import { addProject } from './routes/projects/project.ts'
import { addProjects } from './routes/projects/projects.ts'
import { addGarbageCollection } from './routes/jobs/gc.ts'
import { addGcDeletions } from './routes/jobs/gc-deletions.ts'
import { addPurge } from './routes/jobs/purge.ts'
import { addStorageAudit } from './routes/jobs/storage-audit.ts'
import { addQuotas } from './routes/projects/quotas.ts'
import { addRepositories } from './routes/artifacts/repositories.ts'
import { addSearch } from './routes/system/search.ts'
import { addStatistics } from './routes/system/statistics.ts'
import { addProjectRobots } from './routes/robots/project-robots.ts'
import { addRobots } from './routes/robots/robots.ts'
import { addSystem } from './routes/system/system.ts'
import { addVolumes } from './routes/system/volumes.ts'
import { addSessions } from './routes/users/sessions.ts'
import { addUserGroups } from './routes/users/user-groups.ts'
import { addUserPassword } from './routes/users/user-password.ts'
import { addUserTokens } from './routes/users/user-tokens.ts'
import { addUser } from './routes/users/user.ts'
import { addCurrentUser } from './routes/users/users-current.ts'
import { addUsers } from './routes/users/users.ts'
import { showCsrfToken } from './session-cookie.ts'

export const BASE_PATH = '/api/v2.0'

/** The largest documents of this API, lists of permissions and rules, are a few kilobytes. */
const MAX_BODY_BYTES = 1024 * 1024

/** What adds routes to the API, each a family of them. */
export type AddRoutes = (api: Api) => void

const FAMILIES: readonly AddRoutes[] = [
  addSystem,
  addPermissions,
  addAudit,
  addConfigurations,
  addProjects,
  addProject,
  addProjectMetadata,
  addMembers,
  addQuotas,
  addStatistics,
  addSearch,
  addVolumes,
  // Behind these two come paths with a number where they have a word.
  addCurrentUser,
  addUsers,
  addUserTokens,
  addUser,
  addUserPassword,
  addUserGroups,
  addRobots,
  addProjectRobots,
  addRepositories,
  addArtifacts,
  addArtifactTags,
  addArtifactLabels,
  addArtifactAccessories,
  addArtifactCopy,
  addArtifactAdditions,
  addTrash,
  addLabels,
  addPurge,
  addGarbageCollection,
  addGcDeletions,
  addStorageAudit,
]

/** Harbor's management API as a value: `createApi(deps).request('/api/v2.0/ping')` answers without any server. */
export const createApi = (deps: ApiDeps, families: readonly AddRoutes[] = FAMILIES): Api => {
  const app = newApi()
  app.use(provide(deps))
  app.use(denyUnruled)
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (_c, methods) =>
        errorResponse(
          new ApiError('METHOD_NOT_ALLOWED', 'the method is not allowed', {
            Allow: methods.join(', '),
          }),
        ),
    }),
  )
  app.use(showCsrfToken)
  app.use(limitBody(MAX_BODY_BYTES))
  rememberRule(app.routes, 'frame')

  const api = newApi()
  for (const add of families) add(api)
  addDocs(api, deps.info, BASE_PATH)
  app.route(BASE_PATH, api)
  if (deps.logIn !== undefined) {
    const sessions = newApi()
    addSessions(sessions, deps.logIn)
    app.route('/c', sessions)
  }

  app.notFound(() => errorResponse(new ApiError('NOT_FOUND', 'there is no such endpoint')))
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    if (isOurs(error)) deps.reportError(error, requestId)
    return errorResponse(toApiError(error, requestId))
  })
  return app
}
