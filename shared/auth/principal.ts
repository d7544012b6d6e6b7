import type { ProjectId } from '../table.ts'
import type { ProjectPermission, SystemPermission } from './permissions.ts'

/** Numbers of users, as Harbor's API shows them; never used twice. */
export type UserNumber = number & { readonly [brand]: 'UserNumber' }
export type RobotNumber = number & { readonly [brand]: 'RobotNumber' }
declare const brand: unique symbol

/** Rights in one project, or in all of them, and there in all repositories or in those that a pattern names. */
export type ProjectGrant = {
  /** `undefined`: every project, also those to come. */
  readonly pid: ProjectId | undefined
  /** Of repository paths, with `*` and `**`; `undefined`: every repository. */
  readonly repository: string | undefined
  readonly permissions: readonly ProjectPermission[]
}

/** What a personal access token makes of its user's rights. */
export type Narrowing = {
  /** `undefined`: all that the user may. Of the system, such a token then has all of its user's rights, else none. */
  readonly only: ReadonlySet<ProjectPermission> | undefined
  /** Whether its user may do everything in every project. */
  readonly isOfSysadmin: boolean
}

/** Who asks, once that is established. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user'
      readonly number: UserNumber
      readonly name: string
      /** Whether everything is allowed: never by a token of some permissions only, whoever its user is. */
      readonly isSysadmin: boolean
      /** Of who shows a personal access token; absent: the password. */
      readonly token?: Narrowing | undefined
    }
  | {
      readonly kind: 'robot'
      readonly number: RobotNumber
      /** With its prefix, as it logs in. */
      readonly name: string
      readonly system: readonly SystemPermission[]
      readonly projects: readonly ProjectGrant[]
    }

export const ANONYMOUS: Principal = { kind: 'anonymous' }
