/** The relay's bundle as a process beside a deployed registry, on the table and the bucket of that. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeBundles } from '../../infra/bundle.ts'
import { authorization, type Login } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { digestOf, writeImage } from '../support/layout.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { deployRegistry, type DeployedRegistry } from './registry.ts'
import { environmentOf, startRelay, type Relay } from './relay.ts'
import { makeProject, makeRobot, pushDirectly } from './stories.ts'

const MB = 1024 * 1024
const LARGE_LAYER_BYTES = 300 * MB
/** What it has when it has done nothing is a third of it, and one upload holds some parts of 5 MiB. */
const MAX_MEMORY_BYTES = 250 * MB

// The processes of tests are not told of their end.
afterAll(removeBundles)

describe('a relay beside a deployed registry', () => {
  let registry: DeployedRegistry
  let relay: Relay
  let ci: Login

  beforeAll(async () => {
    registry = await deployRegistry({ disposable: 'true' })
    relay = await startRelay(await environmentOf(registry))
    await makeProject(registry, 'large')
    ci = await makeRobot(registry, 'large', ['pull', 'push'])
  })
  afterAll(async () => {
    await relay.stop()
    await registry.stop()
  })

  const workspace = provideWorkspace(() => ({ host: registry.host, login: ci }))
  const preserving = ['--insecure-policy', 'copy', '--preserve-digests'] as const

  it('takes a layer of 300 MB from skopeo in flat memory, and the registry has it', async () => {
    await workspace().logIn(relay.host, ci)
    const path = await workspace().directory('large')
    const layer = await writeSparseImage(path, LARGE_LAYER_BYTES)
    const to = `docker://${relay.host}/large/image:v1`
    await workspace().run('skopeo', ...preserving, '--dest-tls-verify=false', `oci:${path}:v1`, to)
    expect(await relay.peakBytes()).toBeLessThan(MAX_MEMORY_BYTES)

    const from = `docker://${registry.host}/large/image:v1`
    const pulled = `${workspace().path}/pulled`
    await workspace().run(
      'skopeo',
      ...[...preserving, '--src-tls-verify=false', from, `oci:${pulled}:v1`],
    )
    const [algorithm = '', hex = ''] = layer.split(':')
    expect(
      (await workspace().run('sha256sum', `${pulled}/blobs/${algorithm}/${hex}`)).trim(),
    ).toMatch(new RegExp(`^${hex} `))
  })

  it('takes a large layer in chunks of unknown length from podman, as docker sends them', async () => {
    await workspace().logIn(relay.host, ci)
    const { path } = await writeImage(await workspace().directory('image'), {
      layers: 2,
      layerBytes: 20 * MB,
    })
    const reference = `${relay.host}/large/podman:v1`
    const storage = [
      ...['--root', `${workspace().path}/root`, '--runroot', `${workspace().path}/runroot`],
      ...['--storage-driver', 'vfs', '--events-backend', 'file', '--cgroup-manager', 'cgroupfs'],
    ]
    const id = (await workspace().run('podman', ...storage, 'pull', `oci:${path}:v1`)).trim()
    await workspace().run('podman', ...storage, 'push', '--tls-verify=false', id, reference)
    const seen = await workspace().run(
      'skopeo',
      ...['inspect', '--tls-verify=false', `docker://${registry.host}/large/podman:v1`],
    )
    expect(JSON.parse(seen)).toMatchObject({ Layers: [expect.any(String), expect.any(String)] })
  })

  it('goes on with an upload that was begun at a function, and the other way round', async () => {
    const bytes = Buffer.concat([Buffer.alloc(3 * MB, 'a'), Buffer.alloc(9 * MB, 'b')])
    const digest = digestOf(bytes)
    const ask = async (at: string, path: string, init: RequestInit): Promise<Response> => {
      const headers = new Headers(init.headers)
      headers.set('Authorization', authorization(ci))
      return await fetch(new URL(path, at), { ...init, headers })
    }
    const patch = async (at: string, path: string, from: number, to: number) => {
      const body = bytes.subarray(from, to)
      const headers = { 'Content-Range': `${from}-${to - 1}` }
      const answer = await ask(at, path, { method: 'PATCH', body, headers })
      expect(answer.status).toBe(202)
      return new URL(answer.headers.get('location') ?? '', at).pathname
    }
    const begun = await ask(registry.url, '/v2/large/shared/blobs/uploads/', { method: 'POST' })
    let path = new URL(begun.headers.get('location') ?? '', registry.url).pathname
    path = await patch(registry.url, path, 0, 3 * MB)
    path = await patch(relay.url, path, 3 * MB, 11 * MB)
    path = await patch(registry.url, path, 11 * MB, 12 * MB)
    const done = await ask(relay.url, `${path}?digest=${digest}`, { method: 'PUT' })
    expect(done.status).toBe(201)
    const head = await ask(registry.url, `/v2/large/shared/blobs/${digest}`, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(bytes.byteLength))
  })

  it('has the worker read through what comes directly in parts', async () => {
    const path = await workspace().directory('direct')
    await writeSparseImage(path, 20 * MB)
    const push = { as: ci, source: path, home: workspace().path, way: 'parts' } as const
    await pushDirectly(relay, { ...push, name: 'large/direct:v1' })
  })

  it('serves no management API, and logs who is behind the load balancer', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9' }
    expect((await fetch(`${relay.url}/api/v2.0/projects`, { headers })).status).toBe(404)
    await eventually('the request is in the log', () =>
      relay.log().includes('"remote":"203.0.113.9"') ? true : undefined,
    )
    expect(relay.log()).not.toContain('198.51.100.7')
  })

  it('ends when it is asked to, with a good exit code', async () => {
    const other = await startRelay(await environmentOf(registry))
    expect(await other.stop()).toBe(0)
  })
})

describe('the credentials of a container', () => {
  it('are asked for where the container says', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      const given = request.headers.authorization
      if (given !== undefined) seen.push(given)
      const expires = new Date(Date.now() + 3_600_000).toISOString()
      response.end(
        JSON.stringify({
          ...{ AccessKeyId: 'OFTHETASK', SecretAccessKey: 'secret', Token: 'token' },
          Expiration: expires,
        }),
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const relay = await startRelay({
      ...{
        AWS_REGION: 'eu-central-1',
        TABLE_NAME: 'table',
        BUCKET_NAME: 'bucket',
        ADMIN_SECRET: 'secret',
      },
      ...{ CREATE_PROJECTS_ON_PUSH: 'false', ALLOW_SPARSE: 'false' },
      AWS_ENDPOINT_URL: endpoint,
      QUEUE_URL: `${endpoint}/1/queue`,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/credentials`,
    })
    try {
      await fetch(`${relay.url}/v2/p/a/tags/list`)
      expect(seen.some((one) => one.includes('Credential=OFTHETASK/'))).toBe(true)
    } finally {
      await relay.stop()
      server.close()
      server.closeAllConnections()
    }
  })
})
