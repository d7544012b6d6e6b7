/** The matrix of roles as requests meet it: which members of a project get how far at every route of it. */
import { describe, expect, it } from 'vitest'
import { ruleOf } from '../../../functions/api/access.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import type { Principal } from '../../../shared/auth/principal.ts'
import { parseUserNumber } from '../../../shared/users/items.ts'
import { addMember } from '../../../shared/projects/add-member.ts'
import { createTestUser } from '../../support/domain.ts'
import { createDomainApi } from './domain.ts'
import { createTestApi } from './support.ts'

const P = '/projects/:project_name_or_id'
const R = `${P}/repositories/:repository_name`
const A = `${R}/artifacts/:reference`

/** Limited guests (L), guests (G), developers (D), maintainers (M), administrators (A). */
const MATRIX: Readonly<Record<string, string>> = {
  [`GET ${P}`]: 'LGDMA',
  [`PUT ${P}`]: '----A',
  [`DELETE ${P}`]: '----A',
  [`GET ${P}/_deletable`]: '----A',
  [`GET ${P}/summary`]: 'LGDMA',
  [`GET ${P}/logs`]: '-GDMA',
  [`GET ${P}/auditlog-exts`]: '-GDMA',
  [`GET ${P}/metadatas`]: '---MA',
  [`POST ${P}/metadatas`]: '---MA',
  [`GET ${P}/metadatas/`]: '---MA',
  [`POST ${P}/metadatas/`]: '---MA',
  [`GET ${P}/metadatas/:meta_name`]: '---MA',
  [`PUT ${P}/metadatas/:meta_name`]: '---MA',
  [`DELETE ${P}/metadatas/:meta_name`]: '---MA',
  [`GET ${P}/members`]: '-GDMA',
  [`POST ${P}/members`]: '----A',
  [`GET ${P}/members/:mid`]: '-GDMA',
  [`PUT ${P}/members/:mid`]: '----A',
  [`DELETE ${P}/members/:mid`]: '----A',
  [`GET ${P}/robots`]: '-GDMA',
  [`POST ${P}/robots`]: '----A',
  [`GET ${P}/robots/:robot_id`]: '-GDMA',
  [`PUT ${P}/robots/:robot_id`]: '----A',
  [`DELETE ${P}/robots/:robot_id`]: '----A',
  [`GET ${P}/repositories`]: 'LGDMA',
  [`GET ${R}`]: '-GDMA',
  [`PUT ${R}`]: '--DMA',
  [`DELETE ${R}`]: '---MA',
  [`GET ${R}/artifacts`]: 'LGDMA',
  [`POST ${R}/artifacts`]: '--DMA',
  [`GET ${A}`]: 'LGDMA',
  [`DELETE ${A}`]: '---MA',
  [`GET ${A}/tags`]: 'LGDMA',
  [`POST ${A}/tags`]: '--DMA',
  [`DELETE ${A}/tags/:tag_name`]: '---MA',
  [`POST ${A}/labels`]: '--DMA',
  [`DELETE ${A}/labels/:label_id`]: '--DMA',
  [`GET ${A}/accessories`]: 'LGDMA',
  [`GET ${A}/additions/:addition`]: 'LGDMA',
  [`POST ${A}/undelete`]: '---MA',
  [`GET ${R}/trash`]: '---MA',
}
const COLUMNS: readonly Role[] = [
  ...(['limitedGuest', 'guest', 'developer', 'maintainer', 'projectAdmin'] as const),
]

/** Things that are not there, so that whoever gets through changes nothing. */
const VALUES: Readonly<Record<string, string>> = {
  ...{ project_name_or_id: 'team', repository_name: 'none', reference: 'v9', tag_name: 'v9' },
  ...{ mid: '99', robot_id: '99', label_id: '99', meta_name: 'none', addition: 'none' },
}

const open = async () => {
  const others = Object.fromEntries(
    COLUMNS.map((name, index): readonly [string, Principal] => [
      name,
      { kind: 'user', number: parseUserNumber(10 + index), name, isSysadmin: false },
    ]),
  )
  const api = await createDomainApi({ others })
  const { alice, bob, create, push, real, send } = api
  const { pid } = await create('team')
  // A project with something in it is not deleted by whoever may.
  await push('team/app')
  await create('other', bob)
  const facts = { pid, isPublic: false, role: 'projectAdmin' } as const
  for (const [index, role] of COLUMNS.entries()) {
    const { number, name } = await createTestUser(real, 10 + index, { name: role })
    await addMember(real, { principal: alice, facts }, { user: number, userName: name, role })
  }
  const ask = async (route: string, as?: string) => {
    const [method = '', path = ''] = route.split(' ')
    const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => VALUES[name] ?? 'x')
    const { status } = await send(method, filled, as, method === 'GET' ? undefined : {})
    return status
  }
  return { ...api, ask }
}

describe('the routes of a project', () => {
  it('are all in this table', () => {
    const { app } = createTestApi()
    const found = app.routes
      .filter(({ handler, path }) => ruleOf(handler) !== 'frame' && path.includes(':project_name'))
      .map(({ method, path }) => `${method} ${path.slice('/api/v2.0'.length)}`)
    expect([...new Set(found)].toSorted()).toEqual(Object.keys(MATRIX).toSorted())
  })

  it('let each role get as far as it may, and administrators of the registry everywhere', async () => {
    const { ask, failures } = await open()
    const seen: Record<string, string> = {}
    for (const route of Object.keys(MATRIX)) {
      let cells = ''
      for (const [index, role] of COLUMNS.entries()) {
        const status = await ask(route, role)
        expect([route, role, status]).not.toContain(401)
        cells += status === 403 ? '-' : 'LGDMA'.charAt(index)
      }
      seen[route] = cells
      expect([route, await ask(route, 'admin')]).not.toContain(403)
    }
    expect(seen).toEqual(MATRIX)
    expect(failures).toEqual([])
  })

  it('are closed to the administrator of another project, and to nobody in particular', async () => {
    const { ask } = await open()
    for (const route of Object.keys(MATRIX)) {
      expect([route, await ask(route, 'bob')]).toEqual([route, 403])
      expect([route, await ask(route)]).toEqual([route, 401])
    }
  })
})
