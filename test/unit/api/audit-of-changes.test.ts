import { describe, expect, it } from 'vitest'
import { auditLines } from './audit-lines.ts'
import { createDomainApi } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const log = async (path = '/auditlog-exts', as = 'admin') =>
    await auditLines(api.get(`${path}?page_size=100`, as))
  return { ...api, log }
}

const MEMBERS = '/projects/team/members'

describe('the audit log', () => {
  it('tells of every change to projects, members, quotas and settings', async () => {
    const { send, log } = await start()
    const done: readonly (readonly [string, string, string, unknown?])[] = [
      ['POST', '/projects', 'alice', { project_name: 'team' }],
      ['PUT', '/projects/team', 'alice', { metadata: { public: 'true' } }],
      ['POST', '/projects/team/metadatas/', 'alice', { auto_scan: 'true' }],
      ['PUT', '/projects/team/metadatas/auto_scan', 'alice', { auto_scan: 'false' }],
      ['DELETE', '/projects/team/metadatas/auto_scan', 'alice'],
      ['POST', MEMBERS, 'alice', { role_id: 2, member_user: { username: 'bob' } }],
      ['PUT', `${MEMBERS}/2`, 'alice', { role_id: 3 }],
      ['DELETE', `${MEMBERS}/2`, 'alice'],
      ['PUT', '/quotas/2', 'admin', { hard: { storage: 500 } }],
      ['PUT', '/quotas/2', 'admin', { hard: { storage: -1 } }],
    ]
    for (const [method, path, as, body] of done) {
      expect((await send(method, path, as, body)).status).toBeLessThan(300)
    }
    const ofTeam = [
      'alice create project team',
      'alice update project team',
      'alice create metadata team/auto_scan',
      'alice update metadata team/auto_scan',
      'alice delete metadata team/auto_scan',
      'alice create member team/bob role developer',
      'alice update member team/bob role guest',
      'alice delete member team/bob',
      'admin update quota team 500 bytes',
      'admin update quota team no limit',
    ]
    expect(await log('/projects/team/auditlog-exts', 'alice')).toEqual(ofTeam)
    await send('PUT', '/configurations', 'admin', { self_registration: true, session_timeout: 9 })
    await send('DELETE', '/projects/team', 'alice')
    expect(await log()).toEqual([
      ...ofTeam,
      'admin update configuration configurations self_registration, session_timeout',
      'alice delete project team',
    ])
  })

  it('tells of nothing that was refused', async () => {
    const { send, log, create, push } = await start()
    await create('team')
    await push('team/a')
    await send('POST', '/projects', 'alice', { project_name: 'team' })
    await send('DELETE', '/projects/team', 'alice')
    await send('POST', MEMBERS, 'alice', { role_id: 2, member_user: { username: 'alice' } })
    await send('PUT', '/quotas/2', 'admin', { hard: { storage: 0 } })
    await send('PUT', '/configurations', 'admin', { session_timeout: 0 })
    expect(await log()).toEqual([])
  })

  it('leaves out what the settings say', async () => {
    const { send, log } = await start()
    const events = { disabled_audit_log_event_types: 'create_project' }
    await send('PUT', '/configurations', 'admin', events)
    await send('POST', '/projects', 'alice', { project_name: 'team' })
    await send('DELETE', '/projects/team', 'alice')
    expect(await log()).toEqual([
      'admin update configuration configurations disabled_audit_log_event_types',
      'alice delete project team',
    ])
  })
})
