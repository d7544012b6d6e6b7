/** The whole of it on an emulated AWS: what `cdk deploy` makes serves clients as they are. */
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretOf } from '../../infra/local/endpoint.ts'
import { withProxy } from '../support/cli.ts'
import { authorization, type Login } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { blobsOf, digestOf as sha256, writeImage } from '../support/layout.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { deployRegistry, type DeployedRegistry } from './registry.ts'
import { makeProject, makeRobot, pushDirectly } from './stories.ts'

const LAYER_BYTES = 256 * 1024
const MB = 1024 * 1024
const LARGE_LAYER_BYTES = 300 * MB
const PROXIED_LAYER_BYTES = 20 * MB
/** Of the program that pushes, however large a layer is. */
const MAX_MEMORY_BYTES = 250_000_000

let registry: DeployedRegistry
let ci: Login

beforeAll(async () => {
  registry = await deployRegistry({ disposable: 'true' })
  await makeProject(registry, 'stack')
  ci = await makeRobot(registry, 'stack', ['pull', 'push'])
})

afterAll(async () => {
  await registry.stop()
})

/** An answer of the distribution API to the robot. */
const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
  const headers = new Headers(init.headers)
  headers.set('Authorization', authorization(ci))
  return await fetch(new URL(path, registry.url), { redirect: 'manual', ...init, headers })
}

describe('a deployed registry', () => {
  const workspace = provideWorkspace(() => ({ host: registry.host, login: ci }))
  const repository = (name: string): string => `${registry.host}/stack/${name}`

  const pushImage = async (name: string, layers = 1) => {
    const layout = await writeImage(await workspace().directory('image'), {
      layers,
      layerBytes: LAYER_BYTES,
    })
    await workspace().run('crane', 'push', '--insecure', layout.path, `${repository(name)}:v1`)
    return layout
  }

  it('asks for a login, and says where tokens are to be had', async () => {
    const answer = await fetch(`${registry.url}/v2/`)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    expect(answer.headers.get('www-authenticate')).toContain(
      `realm="${registry.url}/service/token"`,
    )
    const keys = await fetch(`${registry.url}/.well-known/jwks.json`)
    expect(await keys.json()).toMatchObject({ keys: [{ alg: 'ES256' }] })
  })

  it('lets in the administrator with the first password, and nobody with another one', async () => {
    expect(await (await registry.ask('/users/current')).json()).toMatchObject({
      username: 'admin',
      sysadmin_flag: true,
    })
    const wrong = { name: 'nobody', password: 'Wrong1234' }
    expect((await registry.ask('/users/current', { as: wrong })).status).toBe(401)
    expect(await (await registry.ask('/projects', { as: 'nobody' })).json()).toMatchObject([
      { name: 'library', metadata: { public: 'true' } },
    ])
    await workspace().run('skopeo', 'login', '--tls-verify=false', ...logInAs(registry))
  })

  it('goes on as it was when the secret with the first password becomes another', async () => {
    const client = new SecretsManagerClient({
      ...{ endpoint: registry.endpoint, region: CREDENTIALS.AWS_REGION },
      credentials: {
        accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
        secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      },
    })
    const SecretId = secretOf(registry.outputs.FirstPasswordCommand)
    const asked = async (as: Login): Promise<number> =>
      (await registry.ask('/users/current', { as })).status
    const other = { name: 'admin', password: 'Another0Password' }
    const change = new PutSecretValueCommand({ SecretId, SecretString: other.password })
    const [during] = await Promise.all([
      Promise.all(Array.from({ length: 5 }, () => asked(registry.admin))),
      client.send(change),
    ])
    expect(during).toEqual(during.map(() => 200))
    await pushImage('rotated')
    expect(await asked(registry.admin)).toBe(200)
    expect(await asked(other)).toBe(401)
  })

  it('gives skopeo the image that crane pushed, byte for byte', async () => {
    const layout = await pushImage('image', 3)
    const reference = `${repository('image')}:v1`
    const pulled = `${workspace().path}/pulled`
    expect((await workspace().run('crane', 'digest', '--insecure', reference)).trim()).toBe(
      layout.digest,
    )
    await workspace().run(
      'skopeo',
      ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
      ...[`docker://${reference}`, `oci:${pulled}:v1`],
    )
    expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
  })

  it('shows pulls and pushes to administrators soon after', async () => {
    await pushImage('seen')
    expect((await ask('/v2/stack/seen/manifests/v1')).status).toBe(200)
    const entries = await eventually('the pull is in the audit log', async () => {
      const answer = await registry.ask('/audit-logs?page_size=100')
      const text = await answer.text()
      return text.includes('"pull"') ? text : undefined
    })
    expect(entries).toContain('stack/seen')
    const repositories = await registry.ask('/projects/stack/repositories?q=name%3D~seen')
    expect(await repositories.json()).toMatchObject([{ name: 'stack/seen', pull_count: 1 }])
  })

  it('answers HEAD of a blob itself and leads GET to the bucket, ranges included', async () => {
    const layout = await pushImage('redirect')
    const blobs = (await blobsOf(layout.path)).map(digestOf)
    for (const digest of blobs.filter((each) => each !== layout.digest)) {
      const blob = `/v2/stack/redirect/blobs/${digest}`
      const head = await ask(blob, { method: 'HEAD' })
      expect(head.status).toBe(200)
      expect(head.headers.get('docker-content-digest')).toBe(digest)
      const get = await ask(blob)
      expect(get.status).toBe(307)
      const location = get.headers.get('location') ?? ''
      expect(new URL(location).port).toBe(new URL(registry.endpoint).port)
      expect(location).toContain('X-Amz-Signature=')
      // Shorter than any credentials of a role live, by which it is signed: an hour at least.
      expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('1200')
      const part = await fetch(location, { headers: { range: 'bytes=1-4' } })
      expect(part.status).toBe(206)
      expect((await part.arrayBuffer()).byteLength).toBe(4)
    }
  })

  it.each(['single', 'parts'] as const)(
    'takes 300 MB by roadstead push, far more than a function can (%s), in flat memory',
    async (way) => {
      const path = await workspace().directory('large')
      const layer = await writeSparseImage(path, LARGE_LAYER_BYTES)
      const to = { as: ci, source: path, home: workspace().path, way }
      const { peakBytes } = await pushDirectly(registry, { ...to, name: `stack/large-${way}:v1` })
      expect(peakBytes).toBeGreaterThan(0)
      expect(peakBytes).toBeLessThan(MAX_MEMORY_BYTES)
      const answer = await ask(`/v2/stack/large-${way}/blobs/${layer}`, { redirect: 'follow' })
      expect(answer.redirected).toBe(true)
      expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(layer)
    },
  )

  it('takes from crane, by roadstead proxy, what is too large for a function', async () => {
    const path = await workspace().directory('proxied')
    const { digest } = await writeImage(path, { layers: 1, layerBytes: PROXIED_LAYER_BYTES })
    await withProxy(registry.url, { env: { TMPDIR: workspace().path } }, async (host) => {
      await workspace().logIn(host, ci)
      await workspace().run('crane', 'push', '--insecure', path, `${host}/stack/proxied:v1`)
    })
    const reference = `${repository('proxied')}:v1`
    const found = await workspace().run('crane', 'digest', '--insecure', reference)
    expect(found.trim()).toBe(digest)
  })

  it('lets everybody pull what is public, and nobody what is not', async () => {
    await pushImage('open')
    const anonymous = ['skopeo', 'inspect', '--tls-verify=false', '--no-creds', '--raw'] as const
    const pull = async (): Promise<string> => {
      const [program, ...args] = anonymous
      return await workspace().run(program, ...args, `docker://${repository('open')}:v1`)
    }
    await expect(pull()).rejects.toThrow(/unauthorized|denied|authentication required/i)
    const metadata = { metadata: { public: 'true' } }
    const made = await registry.ask('/projects/stack', { method: 'PUT', body: metadata })
    expect(made.status).toBe(200)
    // What is known of a project is believed for five seconds.
    const manifest = await eventually('everybody may pull', async () => {
      return await pull().catch(() => undefined)
    })
    expect(manifest).toContain('config')
  })

  it('cannot be sent more at once than API Gateway and Lambda let through', async () => {
    const started = await ask('/v2/stack/large/blobs/uploads/', { method: 'POST' })
    expect(started.status).toBe(202)
    const patch = async (bytes: number): Promise<number> => {
      const answer = await ask(started.headers.get('location') ?? '', {
        method: 'PATCH',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes),
      })
      return answer.status
    }
    expect(await patch(5 * MB)).toBe(413)
    expect(await patch(4 * MB)).toBe(202)
  })

  it('has its worker run what administrators ask for, by a message', async () => {
    const started = await registry.ask('/system/purgeaudit/schedule', {
      method: 'POST',
      body: {
        schedule: { type: 'Manual' },
        parameters: { audit_retention_hour: 24, include_operations: 'create' },
      },
    })
    expect(started.status).toBe(201)
    const run = (started.headers.get('location') ?? '').replace('/api/v2.0', '')
    await eventually('the purge is over', async () =>
      (await (await registry.ask(run)).text()).includes('"Success"') ? true : undefined,
    )
  })
})

describe('an upgrade of a disposable registry, and its end', () => {
  const workspace = provideWorkspace(() => ({ host: registry.host, login: ci }))

  it('disturbs no push that goes on meanwhile', async () => {
    const run = new AbortController()
    const pushed: (readonly [reference: string, digest: string])[] = []
    const pushing = async (): Promise<void> => {
      for (let number = 1; !run.signal.aborted; number += 1) {
        const path = await workspace().directory(`meanwhile-${number}`)
        const { digest } = await writeImage(path, { layers: 2, layerBytes: LAYER_BYTES })
        const reference = `${registry.host}/stack/meanwhile:v${number}`
        await workspace().run('crane', 'push', '--insecure', path, reference)
        pushed.push([reference, digest])
      }
    }
    const pushes = pushing()
    const upgrade = registry.redeploy({ disposable: 'true', allowSparse: 'true' }).finally(() => {
      run.abort()
    })
    await Promise.all([upgrade, pushes])
    expect(pushed.length).toBeGreaterThan(1)
    for (const [reference, digest] of pushed) {
      const found = await workspace().run('crane', 'digest', '--insecure', reference)
      expect(found.trim()).toBe(digest)
    }
  })

  it('serves what was there before, and follows the change', async () => {
    const layout = await writeImage(await workspace().directory('image'), { layers: 1 })
    const reference = `${registry.host}/stack/kept:v1`
    await workspace().run('crane', 'push', '--insecure', layout.path, reference)
    const before = registry.outputs
    const change = { disposable: 'true', createProjectsOnPush: 'true' }
    expect(await registry.redeploy(change)).toEqual(before)
    expect((await workspace().run('crane', 'digest', '--insecure', reference)).trim()).toBe(
      layout.digest,
    )
    await workspace().logIn(registry.host, registry.admin)
    const fresh = `${registry.host}/fresh/image:v1`
    await workspace().run('crane', 'push', '--insecure', layout.path, fresh)
    expect((await registry.ask('/projects/fresh')).status).toBe(200)
  })
})

const logInAs = ({ admin, host }: DeployedRegistry): readonly string[] => [
  ...['-u', admin.name, '-p', admin.password, host],
]

/** A layout names its blobs by the digest without its algorithm. */
const digestOf = (name: string): string => `sha256:${name}`
