import { z } from '@hono/zod-openapi'
import { mayInProject, type ProjectFacts } from '../../../../shared/auth/access.ts'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { readSummary } from '../../../../shared/projects/details.ts'
import type { MemberCounts } from '../../../../shared/projects/member-counts.ts'
import { readSettings } from '../../../../shared/settings/read.ts'
import type { Store } from '../../../../shared/store/store.ts'

const count = z.int().optional()
const resources = z.object({ storage: z.int() }).openapi('ResourceList')

export const projectSummary = z
  .object({
    repo_count: z.int(),
    project_admin_count: count,
    maintainer_count: count,
    developer_count: count,
    guest_count: count,
    limited_guest_count: count,
    quota: z.object({ hard: resources, used: resources }).optional(),
  })
  .openapi('ProjectSummary')

/** The sums of a project: members for who may list them, the quota for who may read it while there are quotas. */
export const toSummaryJson = async (
  store: Store,
  principal: Principal,
  facts: ProjectFacts,
): Promise<z.output<typeof projectSummary>> => {
  const [{ repositories, members, quota }, { hasQuotas }] = await Promise.all([
    readSummary(store, facts.pid),
    readSettings(store),
  ])
  const seesQuota = hasQuotas && mayInProject(principal, 'quota:read', facts)
  return {
    repo_count: repositories,
    ...(mayInProject(principal, 'member:list', facts) ? toCountsJson(members) : {}),
    ...(seesQuota && quota !== undefined
      ? { quota: { hard: { storage: quota.limitBytes }, used: { storage: quota.usedBytes } } }
      : {}),
  }
}

const toCountsJson = (members: MemberCounts) => ({
  project_admin_count: members.projectAdmin,
  maintainer_count: members.maintainer,
  developer_count: members.developer,
  guest_count: members.guest,
  limited_guest_count: members.limitedGuest,
})
