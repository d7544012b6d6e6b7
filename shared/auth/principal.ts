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

/** Who asks, once that is established. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user'
      readonly number: UserNumber
      readonly name: string
      readonly isSysadmin: boolean
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
