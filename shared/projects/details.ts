import type { Principal } from '../auth/principal.ts'
import type { Role } from '../auth/roles.ts'
import type { Quota } from '../quota/items.ts'
import { completeQuota } from '../quota/read.ts'
import { readAll } from '../store/batch.ts'
import { parseCounter } from '../store/numbers.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import { parseAllowlist, type StoredAllowlist } from './cve-allowlist.ts'
import { parseMember } from './member.ts'
import { parseMemberCounts, type MemberCounts } from './member-counts.ts'

/** What is shown of a project besides itself. */
export type ProjectDetails = {
  readonly repositories: number
  /** Of the asking user, if it is a member. */
  readonly role: Role | undefined
  readonly allowlist: StoredAllowlist
}

/** The details of some projects: one round trip for a page of them. */
export const readDetails = async (
  store: Store,
  principal: Principal,
  pids: readonly ProjectId[],
): Promise<(pid: ProjectId) => ProjectDetails> => {
  const repositoriesOf = (pid: ProjectId) => key.counter(`repositories#${pid}`)
  const membershipOf = (pid: ProjectId) =>
    principal.kind === 'user' ? key.membership(principal.number, pid) : undefined
  const keys = pids.flatMap((pid) => {
    const membership = membershipOf(pid)
    const others = [repositoriesOf(pid), key.cveAllowlist(pid)]
    return membership === undefined ? others : [...others, membership]
  })
  const found = await readAll(store, keys, 'strong')
  return (pid) => {
    const membership = membershipOf(pid)
    const member = membership === undefined ? undefined : found.get(membership)
    return {
      repositories: parseCounter(found.get(repositoriesOf(pid))).total,
      role: member === undefined ? undefined : parseMember(member).role,
      allowlist: parseAllowlist(found.get(key.cveAllowlist(pid))),
    }
  }
}

/** What a project comes to. */
export type ProjectSummary = {
  readonly repositories: number
  readonly members: MemberCounts
  readonly quota: Quota | undefined
}

/** The sums of a project, by what is counted with every change; one round trip, or two if the quota is spread. */
export const readSummary = async (store: Store, pid: ProjectId): Promise<ProjectSummary> => {
  const keys = [
    key.counter(`repositories#${pid}`),
    key.counter(`members#${pid}`),
    key.quota(pid),
  ] as const
  const found = await readAll(store, keys, 'strong')
  const [repositories, members, quota] = keys.map(found.get)
  return {
    repositories: parseCounter(repositories).total,
    members: parseMemberCounts(members),
    quota: await completeQuota(store, pid, quota, 'strong'),
  }
}
