/** The whole of it on an emulated AWS: what `cdk deploy` makes serves clients as they are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { blobsOf, digestOf as sha256, writeImage } from '../support/layout.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { startMinistack } from '../tools/endpoints/start.ts'
import { deploy } from './deploy.ts'
import { startGateway } from './gateway.ts'

const API_ID = 'a0b1c2d3'
const LAYER_BYTES = 256 * 1024
const MB = 1024 * 1024
const LARGE_LAYER_BYTES = 64 * MB

const cleanUps: (() => Promise<void>)[] = []
let url = ''
let endpoint = ''

beforeAll(async () => {
  const directory = await temporaryDirectory('stack')
  cleanUps.push(directory.remove)
  const ministack = await startMinistack()
  cleanUps.push(ministack.stop)
  endpoint = ministack.endpoint
  const { ApiId: apiId } = await deploy(endpoint, directory.path, API_ID)
  const gateway = await startGateway(new URL(`${endpoint}/_aws/execute-api/${apiId}/$default`))
  cleanUps.push(gateway.stop)
  url = gateway.url
})

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

describe('a deployed registry', () => {
  const workspace = provideWorkspace()
  const repository = (name: string): string => `${new URL(url).host}/stack/${name}`

  it('says what it is', async () => {
    const answer = await fetch(`${url}/v2/`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  })

  it('gives skopeo the image that crane pushed, byte for byte', async () => {
    const layout = await writeImage(await workspace().directory('image'), {
      layers: 3,
      layerBytes: LAYER_BYTES,
    })
    const reference = `${repository('image')}:v1`
    const pulled = `${workspace().path}/pulled`
    await workspace().run('crane', 'push', '--insecure', layout.path, reference)
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

  it('answers HEAD of a blob itself and leads GET to the bucket, ranges included', async () => {
    const layout = await writeImage(await workspace().directory('image'), {
      layers: 1,
      layerBytes: LAYER_BYTES,
    })
    const name = repository('redirect')
    await workspace().run('crane', 'push', '--insecure', layout.path, `${name}:v1`)
    const blobs = (await blobsOf(layout.path)).map(digestOf)
    for (const digest of blobs.filter((each) => each !== layout.digest)) {
      const blob = `${url}/v2/stack/redirect/blobs/${digest}`
      const head = await fetch(blob, { method: 'HEAD', redirect: 'manual' })
      expect(head.status).toBe(200)
      expect(head.headers.get('docker-content-digest')).toBe(digest)
      const get = await fetch(blob, { redirect: 'manual' })
      expect(get.status).toBe(307)
      const location = get.headers.get('location') ?? ''
      expect(new URL(location).port).toBe(new URL(endpoint).port)
      expect(location).toContain('X-Amz-Signature=')
      const part = await fetch(location, { headers: { range: 'bytes=1-4' } })
      expect(part.status).toBe(206)
      expect((await part.arrayBuffer()).byteLength).toBe(4)
    }
  })

  it.each(['single', 'parts'])(
    'takes by roadstead push what is too large for a function (%s)',
    async (way) => {
      const path = await workspace().directory('large')
      const layer = await writeSparseImage(path, LARGE_LAYER_BYTES)
      const env = { XDG_CACHE_HOME: workspace().path, XDG_CONFIG_HOME: workspace().path }
      const to = `${repository(`large-${way}`)}:v1`
      expect(await runCli(['push', '--way', way, path, to], env)).toMatchObject({ code: 0 })
      const answer = await fetch(`${url}/v2/stack/large-${way}/blobs/${layer}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(sha256(bytes)).toBe(layer)
    },
  )

  it('cannot be sent more at once than API Gateway and Lambda let through', async () => {
    const started = await fetch(`${url}/v2/stack/large/blobs/uploads/`, { method: 'POST' })
    expect(started.status).toBe(202)
    const location = new URL(started.headers.get('location') ?? '', url)
    const answer = await fetch(location, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(5 * MB),
    })
    expect(answer.status).toBe(413)
    const small = await fetch(location, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(4 * MB),
    })
    expect(small.status).toBe(202)
  })
})

/** A layout names its blobs by the digest without its algorithm. */
const digestOf = (name: string): string => `sha256:${name}`
