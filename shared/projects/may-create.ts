import { isNarrowed, mayInSystem } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import { readSettings } from '../settings/read.ts'
import type { Store } from '../store/store.ts'

/** Whether somebody may make projects with what limits they like. */
export const maySetLimits = (principal: Principal): boolean =>
  mayInSystem(principal, 'project:create')

/**
 * Whether somebody may make projects: robots with that right may, and users as far as the settings let them, but not by a
 * token of some permissions.
 */
export const mayCreateProjects = async (store: Store, principal: Principal): Promise<boolean> =>
  mayInSystem(principal, 'project:create') ||
  (principal.kind === 'user' &&
    !isNarrowed(principal) &&
    (await readSettings(store)).projectCreation === 'everyone')
