import type { AuditRecorder } from '../../shared/audit/recorder.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import { createDoor } from '../../shared/identity/door.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import type { ProjectName } from '../../shared/oci/name.ts'
import { fullReference } from '../../shared/oci/reference.ts'
import { ownerOf, tryCreateProject } from '../../shared/projects/create.ts'
import { mayCreateProjects } from '../../shared/projects/may-create.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Pulls } from '../../shared/repositories/pulls.ts'
import { readSettings } from '../../shared/settings/read.ts'
import type { Store } from '../../shared/store/store.ts'
import type { Deps } from './deps.ts'

/** What the distribution API is put together from, on Lambda as on one machine. */
export type RegistryParts = Pick<
  Deps,
  'externalUrl' | 'hashing' | 'reportError' | 'requestLimit' | 'verify'
> & {
  readonly context: RegistryContext
  /** `open`: everybody may do everything. */
  readonly logIn: LogIn | 'open'
  /** Whether who may make projects makes one by pushing to it. */
  readonly createProjectsOnPush: boolean
  readonly audit: AuditRecorder
  readonly pulls: Pulls
}

/** Puts the distribution API together. */
export const composeRegistry = (parts: RegistryParts): Deps => {
  const { audit, context, createProjectsOnPush, logIn, pulls, ...rest } = parts
  const { store } = context
  const makeProject = createProjectsOnPush ? projectMaker(store) : undefined
  return {
    ...rest,
    context,
    isReadOnly: async () => (await readSettings(store)).isReadOnly,
    ...createDoor(store, logIn === 'open' ? 'open' : { logIn, makeProject }),
    pulled: ({ actor, digest, name, reference, repository }) => {
      pulls.pulled(repository, digest, reference.kind === 'tag' ? reference.tag : undefined)
      const { pid } = repository
      const resource = fullReference(name, reference)
      audit.record(actor, { operation: 'pull', resourceType: 'artifact', resource, pid })
    },
  }
}

/** Makes a project for whoever pushes to one that is not there, and may make projects. */
const projectMaker =
  (store: Store) =>
  async (principal: Principal, name: ProjectName): Promise<void> => {
    if (!(await mayCreateProjects(store, principal))) return
    // Taken: somebody made it in the meantime, and whether this one may push there is for it to say.
    await tryCreateProject(store, ownerOf(principal), { name })
  }
