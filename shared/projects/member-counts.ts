import * as z from 'zod'
import { idOfRole, ROLES, type Role } from '../auth/roles.ts'
import type { Item, UpdateItem } from '../ports.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'

/** How many members of a project have each role. */
export type MemberCounts = Readonly<Record<Role, number>>

const attributeOf = (role: Role): string => `role${idOfRole(role)}`

/** Counts a member who comes, goes, or has another role than before; `undefined` where nothing changes. */
export const countMember = (
  pid: ProjectId,
  { from, to }: { readonly from?: Role; readonly to?: Role },
): UpdateItem | undefined => {
  if (from === to) return undefined
  return {
    op: 'update',
    key: key.counter(`members#${pid}`),
    set: { v: SCHEMA_VERSION },
    add: {
      total: Number(to !== undefined) - Number(from !== undefined),
      ...(from === undefined ? {} : { [attributeOf(from)]: -1 }),
      ...(to === undefined ? {} : { [attributeOf(to)]: 1 }),
    },
  }
}

const counterItem = z.record(z.string(), z.unknown())
const number = z.number().default(0)

/** The counts out of the counter of a project's members. */
export const parseMemberCounts = (item: Item | undefined): MemberCounts => {
  const counter = counterItem.parse(item ?? {})
  const of = (role: Role): number => number.parse(counter[attributeOf(role)])
  const [limitedGuest, guest, developer, maintainer, projectAdmin] = ROLES
  return {
    limitedGuest: of(limitedGuest.name),
    guest: of(guest.name),
    developer: of(developer.name),
    maintainer: of(maintainer.name),
    projectAdmin: of(projectAdmin.name),
  }
}
