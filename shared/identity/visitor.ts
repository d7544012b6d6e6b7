import type { Identity } from './identity.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Action } from '../auth/scope.ts'
import type { ProjectId } from '../table.ts'

/**
 * Who stands at the door of the distribution API, and what they may do there. `pid` is the project that the name means by
 * now, where that is known: what somebody may in the one that had the name before counts for nothing then.
 */
export type Visitor = {
  /** The login name; empty: nobody in particular. */
  readonly subject: string
  /** Who logged in with this very request; absent for a token, and for nobody in particular. */
  readonly identity: Identity | undefined
  /** Whether it is known who this is, or that nobody need be. */
  readonly mayEnter: boolean
  readonly mayListCatalog: boolean
  /** Comes before a push: makes the project, where there is none and this one may make projects by pushing to them. */
  readonly prepareToPush: (name: RepositoryName) => Promise<void>
  readonly may: (
    action: Action,
    name: RepositoryName,
    pid?: ProjectId,
  ) => boolean | Promise<boolean>
  /** Whether they may pull from every repository of the project that this one is in. */
  readonly mayPullAll: (name: RepositoryName, pid?: ProjectId) => boolean | Promise<boolean>
}
