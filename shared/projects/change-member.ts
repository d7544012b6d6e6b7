import { isNarrowed } from '../auth/access.ts'
import { idOfRole, type Role } from '../auth/roles.ts'
import type { Condition } from '../ports.ts'
import { getItem, queryAll } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, prefix } from '../table.ts'
import { assertMayGive, type Actor } from './may-give.ts'
import { countMember } from './member-counts.ts'
import { parseMember, type Member } from './member.ts'
import { readMember } from './members.ts'

/**
 * Gives a member of the actor's project another role.
 * @throws DomainError NOT_FOUND, FORBIDDEN when either role is above the actor's own
 */
export const changeRole = async (
  store: Store,
  actor: Actor,
  number: number,
  role: Role,
): Promise<Member> => {
  const { pid } = actor.facts
  return await contend(store, async () => {
    const before = await readMember(store, pid, number)
    assertMayGive(actor, before.role)
    assertMayGive(actor, role)
    const change = { set: { role: idOfRole(role) }, conditions: asBefore(before) }
    const outcome = await transactNamed(store, {
      member: { op: 'update', key: key.member(pid, number), ...change },
      membership: { op: 'update', key: key.membership(before.user, pid), ...change },
      membersOfProject: countMember(pid, { from: before.role, to: role }),
    })
    return outcome.done ? { ...before, role } : AGAIN
  })
}

/**
 * Ends a membership in the actor's project; everybody may end their own.
 * @throws DomainError NOT_FOUND, FORBIDDEN when the role is above the actor's own
 */
export const removeMember = async (store: Store, actor: Actor, number: number): Promise<void> => {
  const { principal, facts } = actor
  await contend(store, async () => {
    const member = await readMember(store, facts.pid, number)
    const isOwn =
      principal.kind === 'user' && principal.number === member.user && !isNarrowed(principal)
    if (!isOwn) assertMayGive(actor, member.role)
    return await remove(store, member)
  })
}

/** Ends every membership of a user, whoever asks: goes with the removal of the user. */
export const removeMembershipsOfUser = async (store: Store, user: number): Promise<void> => {
  const { pk } = key.user(user)
  const items = await queryAll(store, { pk, sk: { prefix: prefix.memberships }, read: 'strong' })
  for (const { pid } of items.map(parseMember)) {
    await contend(store, async () => {
      const item = await getItem(store, key.membership(user, pid), 'strong')
      return item === undefined ? 'done' : await remove(store, parseMember(item))
    })
  }
}

const remove = async (store: Store, member: Member): Promise<'done' | typeof AGAIN> => {
  const { pid, number, user, role } = member
  const conditions = asBefore(member)
  const outcome = await transactNamed(store, {
    member: { op: 'delete', key: key.member(pid, number), conditions },
    membership: { op: 'delete', key: key.membership(user, pid), conditions },
    membersOfProject: countMember(pid, { from: role }),
  })
  return outcome.done ? 'done' : AGAIN
}

/** The role, too: who may do something to one role need not be allowed to do it to another. */
const asBefore = ({ number, role }: Member): readonly Condition[] => [
  { kind: 'equals', name: 'number', value: number },
  { kind: 'equals', name: 'role', value: idOfRole(role) },
]
