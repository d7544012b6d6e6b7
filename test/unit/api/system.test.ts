import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { isTrue, nameOrNumber } from '../../../functions/api/http/names.ts'
import { errors, flag } from '../../../functions/api/http/schemas.ts'
import { route } from '../../../functions/api/route.ts'
import { PROJECT_PERMISSIONS, SYSTEM_PERMISSIONS } from '../../../shared/auth/permissions.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { PortError } from '../../../shared/ports.ts'
import { createTestApi } from './support.ts'

describe('GET /ping', () => {
  it('answers in plain text, whatever the registry depends on', async () => {
    const kv = {
      ...openMemory().kv,
      get: () => Promise.reject(new PortError('unavailable', 'down')),
    }
    const response = await createTestApi(undefined, { kv }).get('/ping', 'wrong')
    expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/)
    expect(await response.text()).toBe('Pong')
  })
})

describe('GET /health', () => {
  it('is healthy when the table can be read', async () => {
    const { get } = createTestApi()
    expect(await (await get('/health')).json()).toEqual({
      status: 'healthy',
      components: [
        { name: 'core', status: 'healthy' },
        { name: 'database', status: 'healthy' },
      ],
    })
  })

  it('is unhealthy when a component is, and does not say why to everybody', async () => {
    const kv = {
      ...openMemory().kv,
      get: () => Promise.reject(new PortError('unavailable', 'down')),
    }
    const probes = { registry: () => Promise.resolve() }
    const { get, failures } = createTestApi(undefined, { kv, probes })
    const response = await get('/health')
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      status: 'unhealthy',
      components: [
        { name: 'core', status: 'healthy' },
        { name: 'database', status: 'unhealthy' },
        { name: 'registry', status: 'healthy' },
      ],
    })
    expect(text).not.toContain('down')
    expect(failures).toHaveLength(1)
  })
})

describe('GET /systeminfo', () => {
  const OPEN = { auth_mode: 'db_auth', primary_auth_mode: false, self_registration: false }

  it('tells anonymous callers no more than a log-in page needs', async () => {
    const { get } = createTestApi()
    expect(await (await get('/systeminfo')).json()).toEqual(OPEN)
  })

  it('tells others what the registry is', async () => {
    const { get } = createTestApi()
    const body: unknown = await (await get('/systeminfo', 'user')).json()
    expect(body).toEqual({
      ...OPEN,
      current_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
      registry_url: 'localhost',
      external_url: 'http://localhost',
      project_creation_restriction: 'everyone',
      has_ca_root: false,
      harbor_version: '1.2.3',
      registry_storage_provider_name: 'filesystem',
      read_only: false,
      notification_enable: false,
    })
  })

  it('tells what is set', async () => {
    const { get } = createTestApi(undefined, {
      info: { version: '1', storage: 's3', externalUrl: 'https://hub.example' },
      settings: () =>
        Promise.resolve({
          projectCreation: 'adminonly',
          hasSelfRegistration: true,
          isReadOnly: true,
          hasNotifications: true,
          bannerMessage: 'soon',
        }),
    })
    expect(await (await get('/systeminfo', 'admin')).json()).toMatchObject({
      registry_url: 'hub.example',
      banner_message: 'soon',
      self_registration: true,
      read_only: true,
      project_creation_restriction: 'adminonly',
    })
  })

  it('refuses a wrong password', async () => {
    expect(await createTestApi().ask('/systeminfo', 'wrong')).toBe('401 UNAUTHORIZED')
  })
})

describe('GET /permissions', () => {
  const count = (table: Readonly<Record<string, readonly string[]>>) =>
    Object.values(table).flat().length
  const project = count(PROJECT_PERMISSIONS)
  const lists = z.object({ system: z.array(z.unknown()), project: z.array(z.unknown()) })

  it.each([
    ['admin', count(SYSTEM_PERMISSIONS)],
    ['user', 0],
    ['robot', 0],
  ])('shows %s %d permissions of the system, and all of projects', async (who, system) => {
    const body = lists.parse(await (await createTestApi().get('/permissions', who)).json())
    expect([body.system.length, body.project.length]).toEqual([system, project])
    expect(body.project).toContainEqual({ resource: 'repository', action: 'push' })
  })

  it('shows nobody else any', async () => {
    expect(await createTestApi().ask('/permissions')).toBe('401 UNAUTHORIZED')
  })
})

describe('the description', () => {
  const described = z.object({
    openapi: z.string(),
    servers: z.array(z.object({ url: z.string() })),
    paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  })

  it('has every route, without the base path, which is the server’s', async () => {
    const { app, get } = createTestApi()
    const { openapi, servers, paths } = described.parse(await (await get('/openapi.json')).json())
    expect(openapi).toBe('3.1.0')
    expect(servers).toEqual([{ url: '/api/v2.0' }])
    const registered = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ path }) => path.slice('/api/v2.0'.length).replaceAll(/:(\w+)/g, '{$1}'))
    expect(Object.keys(paths).sort()).toEqual([...new Set(registered)].sort())
  })

  it('is a page that runs and loads nothing, and shows what it is given as text', async () => {
    const evil = '<script>alert("1")</script>&\''
    const { get } = createTestApi([
      (api) => {
        route(
          api,
          {
            method: 'get',
            path: '/evil',
            summary: evil,
            tags: [evil],
            request: {
              query: z.object({ q: flag(false).openapi({ description: evil }) }),
            },
            responses: { 200: { description: evil }, ...errors(400) },
          },
          'everyone',
          (c) => c.body(null, 200),
        )
      },
    ])
    const response = await get('/docs')
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/)
    const page = await response.text()
    expect(page).not.toMatch(/<script|\son\w+=|src=|javascript:/)
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;')
    expect(page).toContain('/api/v2.0/evil')
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    const policy = response.headers.get('Content-Security-Policy')
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`)
  })
})

describe('names', () => {
  it('are numbers only when they look so and nobody says otherwise', () => {
    expect(nameOrNumber('12', false)).toEqual({ kind: 'number', number: 12 })
    expect(nameOrNumber('12', true)).toEqual({ kind: 'name', name: '12' })
    expect(nameOrNumber('1e3', false)).toEqual({ kind: 'name', name: '1e3' })
    expect(nameOrNumber('9'.repeat(40), false).kind).toBe('name')
  })

  it('are asked for by any spelling of true', () => {
    expect(['true', 'True', 'TRUE', '1', 't', ' true '].every(isTrue)).toBe(true)
    expect([undefined, '', 'false', '0', 'name'].some(isTrue)).toBe(false)
  })
})
