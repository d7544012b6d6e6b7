import { describe, expect, it } from 'vitest'
import { mayInProject, type ProjectFacts } from '../../shared/auth/access.ts'
import { PROJECT_PERMISSIONS, type ProjectPermission } from '../../shared/auth/permissions.ts'
import { ANONYMOUS, type Principal, type UserNumber } from '../../shared/auth/principal.ts'
import { ROLES, type Role } from '../../shared/auth/roles.ts'
import type { ProjectId } from '../../shared/table.ts'

/**
 * Who may do what in a project, in a column each: everybody when the project is public (P), limited guests (L), guests (G),
 * developers (D), maintainers (M), project administrators (A).
 */
const MATRIX: Readonly<Record<ProjectPermission, string>> = {
  'accessory:list': 'PLGDMA',
  'artifact:create': '---DMA',
  'artifact:delete': '----MA',
  'artifact:list': 'PLGDMA',
  'artifact:read': 'PLGDMA',
  'artifact-addition:read': 'PLGDMA',
  'artifact-label:create': '---DMA',
  'artifact-label:delete': '---DMA',
  'export-cve:create': '---DMA',
  'export-cve:read': '---DMA',
  'immutable-tag:create': '----MA',
  'immutable-tag:delete': '----MA',
  'immutable-tag:list': '----MA',
  'immutable-tag:update': '----MA',
  'label:create': '----MA',
  'label:delete': '----MA',
  'label:list': 'P-GDMA',
  'label:read': 'P-GDMA',
  'label:update': '----MA',
  'log:list': '--GDMA',
  'member:create': '-----A',
  'member:delete': '-----A',
  'member:list': '--GDMA',
  'member:read': '--GDMA',
  'member:update': '-----A',
  'metadata:create': '----MA',
  'metadata:delete': '----MA',
  'metadata:list': '----MA',
  'metadata:read': '----MA',
  'metadata:update': '----MA',
  'notification-policy:create': '-----A',
  'notification-policy:delete': '-----A',
  'notification-policy:list': '----MA',
  'notification-policy:read': '-----A',
  'notification-policy:update': '-----A',
  'project:delete': '-----A',
  'project:read': 'PLGDMA',
  'project:update': '-----A',
  'quota:read': '-LGDMA',
  'repository:delete': '----MA',
  'repository:list': 'PLGDMA',
  'repository:pull': 'PLGDMA',
  'repository:push': '---DMA',
  'repository:read': 'P-GDMA',
  'repository:update': '---DMA',
  'robot:create': '-----A',
  'robot:delete': '-----A',
  'robot:list': '--GDMA',
  'robot:read': '--GDMA',
  'robot:update': '-----A',
  'sbom:create': '----MA',
  'sbom:read': 'PLGDMA',
  'sbom:stop': '----MA',
  'scan:create': '----MA',
  'scan:read': 'PLGDMA',
  'scan:stop': '----MA',
  'scanner:create': '-----A',
  'scanner:read': 'PLGDMA',
  'tag:create': '---DMA',
  'tag:delete': '----MA',
  'tag:list': 'PLGDMA',
  'tag-retention:create': '---DMA',
  'tag-retention:delete': '---DMA',
  'tag-retention:list': '---DMA',
  'tag-retention:read': '---DMA',
  'tag-retention:update': '---DMA',
}

const COLUMNS: readonly Role[] = [
  ...(['limitedGuest', 'guest', 'developer', 'maintainer', 'projectAdmin'] as const),
]

const user = (isSysadmin: boolean): Principal => ({
  ...{ kind: 'user', number: 7 as UserNumber, name: 'somebody' },
  isSysadmin,
})

const facts = (isPublic: boolean, role?: Role): ProjectFacts => ({
  ...{ pid: 'some-project' as ProjectId, isPublic },
  role,
})

describe('the matrix of roles', () => {
  it('has a line for every permission and a column for every role', () => {
    const all = Object.entries(PROJECT_PERMISSIONS).flatMap(([resource, actions]) =>
      actions.map((action) => `${resource}:${action}`),
    )
    expect(Object.keys(MATRIX).toSorted()).toEqual(all.toSorted())
    expect(ROLES.map(({ name }) => name)).toEqual(COLUMNS)
  })

  const lines = Object.entries(MATRIX) as [ProjectPermission, string][]

  it.each(lines)('%s is allowed to %s', (permission, cells) => {
    const [isForAll = '', ...roles] = cells
    const may = (principal: Principal, given: ProjectFacts) =>
      mayInProject(principal, permission, given)
    for (const [index, role] of COLUMNS.entries()) {
      expect([role, may(user(false), facts(false, role))]).toEqual([role, roles[index] !== '-'])
    }
    // Nobody in particular, and somebody who is no member.
    for (const principal of [ANONYMOUS, user(false)]) {
      expect(may(principal, facts(false))).toBe(false)
      expect(may(principal, facts(true))).toBe(isForAll === 'P')
    }
    expect(may(user(true), facts(false))).toBe(true)
  })
})
