import * as z from 'zod'
import { roleOfId, idOfRole, type Role } from '../auth/roles.ts'
import type { Item, PutItem } from '../ports.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'

/** A user's part in a project. */
export type Member = {
  /** What Harbor's API calls the id of the member. */
  readonly number: number
  readonly pid: ProjectId
  readonly user: number
  readonly userName: string
  readonly role: Role
  /** Epoch milliseconds. */
  readonly createdAt: number
}

const role = z.number().transform((id, context): Role => {
  const found = roleOfId(id)
  if (found !== undefined) return found
  context.addIssue('no such role')
  return z.NEVER
})
const memberItem = z.object({
  number: z.number(),
  pid: z.string(),
  user: z.number(),
  userName: z.string(),
  role,
  createdAt: z.number(),
})

/** A member out of either of its items: both hold the same. */
export const parseMember = (item: Item): Member => {
  const { pid, ...rest } = memberItem.parse(item)
  return { ...rest, pid: pid as ProjectId }
}

const attributes = ({ role, ...rest }: Member) => ({
  v: SCHEMA_VERSION,
  ...rest,
  role: idOfRole(role),
})

/** The two items of a new member; the second is refused when the user is a member already. */
export const newMember = (member: Member): readonly [PutItem, PutItem] => [
  {
    op: 'put',
    item: { ...key.member(member.pid, member.number), ...attributes(member) },
    conditions: [{ kind: 'absent' }],
  },
  {
    op: 'put',
    item: { ...key.membership(member.user, member.pid), ...attributes(member) },
    conditions: [{ kind: 'absent' }],
  },
]
