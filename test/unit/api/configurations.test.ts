import { describe, expect, it } from 'vitest'
import { createRobot } from '../../../shared/robots/create.ts'
import { changeSettings } from '../../../shared/settings/change.ts'
import { readSettings } from '../../../shared/settings/read.ts'
import { openSession, readSession } from '../../../shared/sessions/sessions.ts'
import { createDomainApi, refusal } from './domain.ts'
import { openPeople, PASSWORD } from './people.ts'

const PATH = '/configurations'

describe('GET /configurations', () => {
  it('shows every key with its value, and whether it can be changed', async () => {
    const { get } = await createDomainApi()
    const response = await get(PATH, 'admin')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      auth_mode: { value: 'db_auth', editable: false },
      primary_auth_mode: { value: false, editable: false },
      token_expiration: { value: 5, editable: false },
      skip_audit_log_database: { value: false, editable: false },
      project_creation_restriction: { value: 'everyone', editable: true },
      self_registration: { value: false, editable: true },
      read_only: { value: false, editable: true },
      notification_enable: { value: false, editable: true },
      banner_message: { value: '', editable: true },
      robot_token_duration: { value: 30, editable: true },
      robot_name_prefix: { value: 'robot$', editable: true },
      session_timeout: { value: 30, editable: true },
      quota_per_project_enable: { value: true, editable: true },
      storage_per_project: { value: -1, editable: true },
      scanner_skip_update_pulltime: { value: false, editable: true },
      disabled_audit_log_event_types: { value: '', editable: true },
    })
  })

  it('is for administrators', async () => {
    const { ask } = await createDomainApi()
    expect(await ask(PATH)).toBe('401 UNAUTHORIZED')
    expect(await ask(PATH, 'alice')).toBe('403 FORBIDDEN')
    const change = { method: 'PUT', body: 'no JSON' }
    expect(await ask(PATH, 'alice', change)).toBe('403 FORBIDDEN')
  })
})

describe('PUT /configurations', () => {
  it('changes what is named, and takes effect at once', async () => {
    const { send, get, store } = await createDomainApi()
    const change = {
      project_creation_restriction: 'adminonly',
      self_registration: true,
      banner_message: '{"message":"soon"}',
      robot_name_prefix: 'bot-',
      disabled_audit_log_event_types: 'pull_artifact, create_project',
      ldap_url: 'ignored',
      read_only: null,
    }
    expect(await (await get('/systeminfo', 'alice')).json()).not.toHaveProperty('banner_message')
    expect((await send('PUT', PATH, 'admin', change)).status).toBe(200)
    expect((await send('PUT', PATH, 'admin', { session_timeout: 60 })).status).toBe(200)
    expect(await (await get(PATH, 'admin')).json()).toMatchObject({
      project_creation_restriction: { value: 'adminonly' },
      robot_name_prefix: { value: 'bot-' },
      disabled_audit_log_event_types: { value: 'pull_artifact,create_project' },
      read_only: { value: false },
      session_timeout: { value: 60 },
    })
    expect(await (await get('/systeminfo', 'alice')).json()).toMatchObject({
      banner_message: '{"message":"soon"}',
      self_registration: true,
      project_creation_restriction: 'adminonly',
    })
    expect(await readSettings(store)).toMatchObject({
      unloggedEvents: ['pull_artifact', 'create_project'],
    })
  })

  it('takes back a banner, and events that were not logged', async () => {
    const { send, get } = await createDomainApi()
    const set = { banner_message: 'x', disabled_audit_log_event_types: 'pull_artifact' }
    await send('PUT', PATH, 'admin', set)
    await send('PUT', PATH, 'admin', { banner_message: '', disabled_audit_log_event_types: '' })
    expect(await (await get(PATH, 'admin')).json()).toMatchObject({
      banner_message: { value: '' },
      disabled_audit_log_event_types: { value: '' },
    })
  })

  it.each([
    [{ project_creation_restriction: 'nobody' }, 400],
    [{ robot_token_duration: 0 }, 400],
    [{ robot_name_prefix: '' }, 400],
    [{ robot_name_prefix: 'a:b' }, 400],
    [{ robot_name_prefix: 'a b' }, 400],
    [{ session_timeout: 0 }, 400],
    [{ storage_per_project: 0 }, 400],
    [{ storage_per_project: -2 }, 400],
    [{ banner_message: 'x'.repeat(5000) }, 400],
    [{ banner_message: '\ud800' }, 400],
    [{ disabled_audit_log_event_types: 'Pull Artifact' }, 400],
    [{ auth_mode: 'oidc_auth' }, 400],
    [{ token_expiration: 30 }, 400],
    [{ skip_audit_log_database: true }, 400],
    [{ read_only: 'yes' }, 422],
    [{ session_timeout: 1.5 }, 422],
  ])('refuses %j, and changes nothing', async (change, status) => {
    const { send, get } = await createDomainApi()
    const before = await (await get(PATH, 'admin')).json()
    const response = await send('PUT', PATH, 'admin', { self_registration: true, ...change })
    expect(response.status).toBe(status)
    expect(await (await get(PATH, 'admin')).json()).toEqual(before)
  })

  it('says what is wrong', async () => {
    const { send } = await createDomainApi()
    const response = await send('PUT', PATH, 'admin', { auth_mode: 'ldap_auth' })
    expect(await refusal(response)).toBe('400 auth_mode is db_auth and cannot be changed')
  })

  it('takes what GET shows of what cannot be changed', async () => {
    const { send } = await createDomainApi()
    const same = { auth_mode: 'db_auth', token_expiration: 5, skip_audit_log_database: false }
    expect((await send('PUT', PATH, 'admin', same)).status).toBe(200)
  })
})

describe('a registry that is read only', () => {
  it('is changed by nobody, until an administrator ends that', async () => {
    const { send, ask, create } = await createDomainApi()
    await create('team')
    await send('PUT', PATH, 'admin', { read_only: true })
    const response = await send('POST', '/projects', 'admin', { project_name: 'new' })
    expect(await refusal(response)).toBe(
      '403 The system is in read only mode. Any modification is prohibited.',
    )
    expect((await send('DELETE', '/projects/team', 'alice')).status).toBe(403)
    expect((await send('PUT', '/quotas/2', 'admin', { hard: { storage: 1 } })).status).toBe(403)
    expect(await ask('/projects/team', 'alice')).toBe('200')
    expect((await send('PUT', PATH, 'admin', { read_only: false })).status).toBe(200)
    expect((await send('DELETE', '/projects/team', 'alice')).status).toBe(200)
  })

  it('asks first who it is', async () => {
    const { send } = await createDomainApi()
    await send('PUT', PATH, 'admin', { read_only: true })
    expect((await send('POST', '/projects', undefined, {})).status).toBe(401)
  })
})

describe('settings', () => {
  it('are read once in five seconds, whoever obeys them', async () => {
    let reads = 0
    const { store, pass } = await createDomainApi({
      wrap: (real) => ({
        ...real,
        kv: {
          ...real.kv,
          get: async (...args) => {
            reads += 1
            return await real.kv.get(...args)
          },
        },
      }),
    })
    await readSettings(store)
    await readSettings(store)
    expect(reads).toBe(1)
    pass(5_001)
    await readSettings(store)
    expect(reads).toBe(2)
  })

  it('of two administrators at the same time are both kept', async () => {
    const { store } = await createDomainApi()
    await Promise.all([
      changeSettings(store, { isReadOnly: true }),
      changeSettings(store, { sessionMinutes: 5 }),
    ])
    expect(await readSettings(store)).toMatchObject({ isReadOnly: true, sessionMinutes: 5 })
  })

  it('let people register themselves, or not', async () => {
    const { send } = await openPeople()
    const carol = { username: 'carol', password: PASSWORD, email: 'c@example.com' }
    expect((await send('POST', '/users', undefined, carol)).status).toBe(401)
    await send('PUT', PATH, 'admin', { self_registration: true })
    expect((await send('POST', '/users', undefined, carol)).status).toBe(201)
  })

  it('say how long a session may be unused', async () => {
    const { store, alice } = await openPeople()
    const id = await openSession(store, alice.number, PASSWORD)
    if (id === undefined) throw new Error('no session')
    await changeSettings(store, { sessionMinutes: 1 })
    for (let turn = 0; turn < 4; turn += 1) {
      store.pass(40_000)
      expect(await readSession(store, id)).toMatchObject({ name: 'alice' })
    }
    store.pass(61_000)
    expect(await readSession(store, id)).toBeUndefined()
  })

  it('say what the names of new robots begin with', async () => {
    const { store, admin } = await createDomainApi()
    await changeSettings(store, { robotPrefix: 'bot-' })
    const { robot } = await createRobot(store, admin, {
      name: 'ci',
      level: 'system',
      durationDays: 1,
      permissions: [
        { kind: 'system', namespace: '/', access: [{ resource: 'project', action: 'create' }] },
      ],
    })
    expect(robot.name).toBe('bot-ci')
  })
})
