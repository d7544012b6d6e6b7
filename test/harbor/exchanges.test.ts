/** What Harbor's CLI and its Terraform provider send, in their order and with their oddities, and what they need to read. */
import { expect, test } from 'vitest'
import * as z from 'zod'
import { authorization } from '../support/credentials.ts'
import { writeImage } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const send = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${registry().url}/api/v2.0${path}`, {
    method,
    headers: {
      Authorization: authorization(registry().login),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    location: response.headers.get('Location'),
    total: response.headers.get('X-Total-Count'),
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  }
}

const numberIn = (location: string | null): number => {
  const [, number] = /\/(\d+)$/.exec(location ?? '') ?? []
  if (number === undefined) throw new Error(`no number at the end of ${String(location)}`)
  return Number(number)
}

const access = (...actions: readonly string[]) =>
  actions.map((action) => ({ resource: 'repository', action }))

test("Harbor's CLI logs in, makes a project and a robot of it, and lists them", async () => {
  expect(await send('GET', '/users/current')).toMatchObject({
    status: 200,
    body: { username: 'admin', user_id: 1, sysadmin_flag: true },
  })
  const made = await send('POST', '/projects', {
    ...{
      metadata: { public: 'true' },
      project_name: 'cli',
      public: true,
      storage_limit: 1_048_576,
    },
    registry_id: null,
  })
  expect(made).toMatchObject({ status: 201, body: undefined })
  const id = numberIn(made.location)
  const projects = await send('GET', '/projects?page=1&page_size=100&with_detail=true')
  expect(projects).toMatchObject({ status: 200, total: '2' })

  const permissions = await send('GET', '/permissions')
  const { project, system } = z
    .object({ project: z.array(z.unknown()), system: z.array(z.unknown()) })
    .parse(permissions.body)
  expect(project.length).toBeGreaterThan(20)
  expect(system.length).toBeGreaterThan(20)

  const robot = await send('POST', '/robots', {
    ...{ name: 'builder', level: 'project', duration: 30, description: '', disable: false },
    permissions: [{ kind: 'project', namespace: 'cli', access: access('pull', 'push') }],
  })
  expect(robot).toMatchObject({
    status: 201,
    body: {
      id: numberIn(robot.location),
      name: 'robot$cli+builder',
      secret: expect.stringMatching(/^.{32}$/) as unknown,
      creation_time: expect.any(String) as unknown,
      expires_at: expect.any(Number) as unknown,
    },
  })
  // Encoded twice, and no page named at all.
  const query = `page=0&page_size=0&q=Level%253Dproject%252CProjectID%253D${id}`
  expect(await send('GET', `/robots?${query}`)).toMatchObject({
    ...{ status: 200, total: '1' },
    body: [{ name: 'robot$cli+builder', level: 'project', disable: false }],
  })
  expect(await send('GET', '/configurations')).toMatchObject({
    status: 200,
    body: { robot_name_prefix: { value: 'robot$', editable: true } },
  })
  expect(await send('DELETE', `/robots/${numberIn(robot.location)}`)).toMatchObject({ status: 200 })
  expect(await send('DELETE', `/projects/${id}`, {})).toMatchObject({ status: 200 })
})

test('the Terraform provider makes a project, finds no change in a second plan, and destroys it', async () => {
  const metadata = {
    ...{ public: 'false', auto_scan: 'false', severity: 'low', prevent_vul: 'false' },
    ...{ reuse_sys_cve_allowlist: 'true', enable_content_trust: 'false' },
    ...{ enable_content_trust_cosign: 'false', auto_sbom_generation: 'false' },
  }
  const wanted = {
    ...{ project_name: 'terraform', storage_limit: -1, cve_allowlist: {} },
    metadata,
  }
  const made = await send('POST', '/projects', wanted)
  expect(made.status).toBe(201)
  const path = `/projects/${numberIn(made.location)}`
  const read = async () => {
    const { body, status } = await send('GET', path)
    expect(status).toBe(200)
    return z
      .looseObject({
        name: z.literal('terraform'),
        project_id: z.literal(numberIn(made.location)),
        metadata: z.record(z.string(), z.string()),
        cve_allowlist: z.looseObject({ items: z.array(z.unknown()) }),
      })
      .parse(body)
  }
  const first = await read()
  expect(first.metadata).toMatchObject(metadata)
  expect(await send('PUT', path, wanted)).toMatchObject({ status: 200 })
  const second = await read()
  expect(second.metadata).toEqual(first.metadata)

  const layout = await writeImage(await workspace().directory('image'))
  await workspace().run('crane', 'push', layout.path, `${registry().host}/terraform/app/api:v1`)
  expect(await send('DELETE', path)).toMatchObject({ status: 412 })
  // It lists repositories until a page is empty, and deletes each, its name encoded twice.
  expect(await send('GET', '/projects/terraform/repositories?page=1&page_size=100')).toMatchObject({
    body: [{ name: 'terraform/app/api' }],
  })
  expect(await send('GET', '/projects/terraform/repositories?page=2&page_size=100')).toMatchObject({
    ...{ status: 200, body: [] },
  })
  expect(await send('DELETE', '/projects/terraform/repositories/app%252Fapi')).toMatchObject({
    status: 200,
  })
  expect(await send('DELETE', path)).toMatchObject({ status: 200 })
  expect((await send('GET', path)).status).toBe(404)
})

test('the Terraform provider makes a robot over several projects with a secret of its own, and changes it', async () => {
  for (const project_name of ['one', 'two']) await send('POST', '/projects', { project_name })
  const permission = (namespace: string) => ({
    ...{ kind: 'project', namespace, access: access('pull') },
  })
  const wanted = {
    ...{ name: 'deploy', level: 'system', duration: -1, description: 'by code', disable: false },
    permissions: [permission('one')],
  }
  const made = await send('POST', '/robots', wanted)
  const id = numberIn(made.location)
  expect(made).toMatchObject({ status: 201, body: { id, secret: expect.any(String) as unknown } })
  const secret = 'From-Terraform-1'
  expect(await send('PATCH', `/robots/${id}`, { secret })).toMatchObject({ status: 200 })
  const logIn = async (): Promise<number> => {
    const headers = { Authorization: authorization({ name: 'robot$deploy', password: secret }) }
    const scope = 'repository:two/app:pull'
    const { url } = registry()
    const answer = await fetch(`${url}/service/token?service=roadstead&scope=${scope}`, { headers })
    const { scope: granted } = z.object({ scope: z.string() }).parse(await answer.json())
    return granted === scope ? 1 : 0
  }
  expect(await logIn()).toBe(0)
  const found = await send('GET', `/robots/${id}`)
  expect(found.body).toMatchObject({ ...wanted, name: 'robot$deploy' })
  const changed = {
    ...z.looseObject({}).parse(found.body),
    permissions: [permission('one'), permission('two')],
  }
  expect(await send('PUT', `/robots/${id}`, changed)).toMatchObject({ status: 200 })
  // The same secret, another right.
  await expect.poll(logIn, { timeout: 10_000, interval: 500 }).toBe(1)
  expect(await send('DELETE', `/robots/${id}`)).toMatchObject({ status: 200 })
  expect(await send('DELETE', `/robots/${id}`)).toMatchObject({ status: 404 })
})
