import type { Role } from '../auth/roles.ts'
import { DomainError } from '../errors.ts'
import { readCounter, takeNumber } from '../store/numbers.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key } from '../table.ts'
import { assertMayGive, type Actor } from './may-give.ts'
import { countMember } from './member-counts.ts'
import { newMember, type Member } from './member.ts'

export type GivenMember = {
  readonly user: number
  readonly userName: string
  readonly role: Role
}

/**
 * Makes a user a member of the project that the actor's facts are of.
 * @throws DomainError FORBIDDEN for a role above the actor's own, NOT_FOUND for a user or a project that is gone,
 *   CONFLICT for who is a member already
 */
export const addMember = async (
  store: Store,
  actor: Actor,
  { user, userName, role }: GivenMember,
): Promise<Member> => {
  assertMayGive(actor, role)
  const { pid } = actor.facts
  return await contend(store, async () => {
    const before = await readCounter(store, 'members')
    const createdAt = store.clock.now()
    const made: Member = { number: before.last + 1, pid, user, userName, role, createdAt }
    const [member, membership] = newMember(made)
    const outcome = await transactNamed(store, {
      project: { op: 'check', key: key.project(pid), conditions: [{ kind: 'exists' }] },
      user: { op: 'check', key: key.user(user), conditions: [{ kind: 'exists' }] },
      member,
      membership,
      members: takeNumber('members', before, { counts: false }),
      membersOfProject: countMember(pid, { to: role }),
    })
    if (outcome.done) return made
    if (outcome.refused.has('project')) throw new DomainError('NOT_FOUND', 'no such project')
    if (outcome.refused.has('user')) throw new DomainError('NOT_FOUND', 'no such user')
    if (outcome.refused.has('membership')) {
      throw new DomainError('CONFLICT', `${userName} is a member of the project already`)
    }
    return AGAIN
  })
}
