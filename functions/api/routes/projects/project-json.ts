import { z } from '@hono/zod-openapi'
import { mayInProject } from '../../../../shared/auth/access.ts'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { idOfRole } from '../../../../shared/auth/roles.ts'
import type { StoredAllowlist } from '../../../../shared/projects/cve-allowlist.ts'
import type { ProjectDetails } from '../../../../shared/projects/details.ts'
import { shownMetadata } from '../../../../shared/projects/metadata.ts'
import type { Project } from '../../../../shared/projects/project.ts'
import { iso } from '../../http/time.ts'

const cveAllowlist = z
  .object({
    id: z.int(),
    project_id: z.int(),
    items: z.array(z.object({ cve_id: z.string() })),
    expires_at: z.int().optional(),
    creation_time: z.string(),
    update_time: z.string(),
  })
  .openapi('CVEAllowlist')

export const projectJson = z
  .object({
    project_id: z.int(),
    name: z.string(),
    owner_id: z.int(),
    owner_name: z.string(),
    creation_time: z.string(),
    update_time: z.string(),
    deleted: z.boolean(),
    metadata: z.record(z.string(), z.string()),
    repo_count: z.int(),
    togglable: z.boolean(),
    current_user_role_id: z.int().optional(),
    current_user_role_ids: z.array(z.int()),
    cve_allowlist: cveAllowlist.optional(),
  })
  .openapi('Project')

/** A project as a client sees it. Nobody's projects have an owner that is no user: 0. */
export const toProjectJson = (
  principal: Principal,
  project: Project,
  { repositories, role, allowlist }: ProjectDetails,
  hasDetail = true,
): z.output<typeof projectJson> => {
  const { pid, number, name, isPublic, owner, createdAt, updatedAt } = project
  const roleIds = role === undefined ? [] : [idOfRole(role)]
  const [roleId] = roleIds
  return {
    project_id: number,
    name,
    owner_id: owner?.number ?? 0,
    owner_name: owner?.name ?? '',
    creation_time: iso(createdAt),
    update_time: iso(updatedAt),
    deleted: false,
    metadata: shownMetadata(project),
    repo_count: repositories,
    togglable: mayInProject(principal, 'project:update', { pid, isPublic, role }),
    ...(roleId === undefined ? {} : { current_user_role_id: roleId }),
    current_user_role_ids: roleIds,
    ...(hasDetail ? { cve_allowlist: toAllowlistJson(project, allowlist) } : {}),
  }
}

const toAllowlistJson = (
  { number, createdAt }: Project,
  { cves, expiresAt, updatedAt }: StoredAllowlist,
): z.output<typeof cveAllowlist> => ({
  id: number,
  project_id: number,
  items: cves.map((cve) => ({ cve_id: cve })),
  ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  creation_time: iso(createdAt),
  update_time: iso(updatedAt ?? createdAt),
})
