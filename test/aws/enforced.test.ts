/** The stack where policies are enforced: what its functions may do is enough for what they do. And its end. */
import { DescribeTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Login } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { blobsOf, writeImage } from '../support/layout.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { deployRegistry, type DeployedRegistry } from './registry.ts'
import { makeProject, makeRobot, pushDirectly } from './stories.ts'

/** More than API Gateway lets through at once, so that an upload has parts, tails and a completion. */
const LARGE_LAYER_BYTES = 9 * 1024 * 1024
const CHUNK_BYTES = 4_000_000

let registry: DeployedRegistry
let ci: Login

beforeAll(async () => {
  registry = await deployRegistry({ cliCredentials: 'true' }, { enforcesIam: true })
  await makeProject(registry, 'team')
  ci = await makeRobot(registry, 'team', ['pull', 'push'])
})

afterAll(async () => {
  await registry.stop()
})

const clientSettings = (credentials = CREDENTIALS) => ({
  endpoint: registry.endpoint,
  region: credentials.AWS_REGION,
  credentials: {
    accessKeyId: credentials.AWS_ACCESS_KEY_ID,
    secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY,
  },
})

describe('a registry whose functions may do what their policies say', () => {
  const workspace = provideWorkspace(() => ({ host: registry.host, login: ci }))

  it('is where somebody else may do nothing', async () => {
    const stranger = { ...CREDENTIALS, AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' as 'test' }
    const client = new DynamoDBClient(clientSettings(stranger))
    const command = new DescribeTableCommand({ TableName: registry.outputs.TableName })
    await expect(client.send(command)).rejects.toThrow()
  })

  it('takes an image and gives it back', async () => {
    const layout = await writeImage(await workspace().directory('image'), { layers: 2 })
    const reference = `${registry.host}/team/image:v1`
    const pulled = `${workspace().path}/pulled`
    await workspace().run('crane', 'push', '--insecure', layout.path, reference)
    await workspace().run(
      'skopeo',
      ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
      ...[`docker://${reference}`, `oci:${pulled}:v1`],
    )
    expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
  })

  it('takes a large layer in chunks from regctl', async () => {
    const layout = await writeImage(await workspace().directory('large'), {
      layers: 1,
      layerBytes: LARGE_LAYER_BYTES,
    })
    const regctl = async (...args: readonly string[]) => await workspace().run('regctl', ...args)
    const chunks = ['--blob-chunk', String(CHUNK_BYTES), '--blob-max', String(CHUNK_BYTES)]
    await regctl('registry', 'set', registry.host, '--tls', 'disabled', ...chunks)
    const reference = `${registry.host}/team/large:v1`
    await regctl('image', 'copy', `ocidir://${layout.path}:v1`, reference)
    expect((await regctl('image', 'digest', reference)).trim()).toBe(layout.digest)
  })

  it('has its worker read through what comes in parts', async () => {
    const { path } = await writeImage(await workspace().directory('parts'), {
      layers: 1,
      layerBytes: LARGE_LAYER_BYTES,
    })
    const push = { as: ci, source: path, home: workspace().path, way: 'parts' } as const
    await pushDirectly(registry, { ...push, name: 'team/parts:v1' })
  })

  it('copies, labels, lists and deletes by the management API', async () => {
    const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
      const { status } = await registry.ask(path, { method, body })
      return status
    }
    await makeProject(registry, 'other')
    const from = encodeURIComponent('team/image:v1')
    expect(await ask('POST', `/projects/other/repositories/copy/artifacts?from=${from}`)).toBe(201)
    expect(await ask('GET', '/projects/other/repositories/copy/artifacts/v1')).toBe(200)
    expect(await ask('POST', '/labels', { name: 'good', scope: 'g' })).toBe(201)
    expect(await ask('GET', '/audit-logs')).toBe(200)
    expect(await ask('GET', '/statistics')).toBe(200)
    expect(await ask('DELETE', '/projects/other/repositories/copy/artifacts/v1')).toBe(200)
    expect(await ask('DELETE', '/projects/other/repositories/copy')).toBe(200)
    expect(await ask('DELETE', '/projects/other')).toBe(200)
  })

  it('runs a purge in its worker', async () => {
    const started = await registry.ask('/system/purgeaudit/schedule', {
      method: 'POST',
      body: {
        schedule: { type: 'Manual' },
        parameters: { audit_retention_hour: 1, include_operations: 'create,delete,pull' },
      },
    })
    const run = (started.headers.get('location') ?? '').replace('/api/v2.0', '')
    await eventually('the purge is over', async () =>
      (await (await registry.ask(run)).text()).includes('"Success"') ? true : undefined,
    )
  })

  it('keeps what it holds when its stack is destroyed', async () => {
    const { BucketName: bucket, TableName: table } = registry.outputs
    await registry.destroy()
    expect((await fetch(`${registry.url}/v2/`)).status).toBeGreaterThanOrEqual(400)
    const items = new ScanCommand({ TableName: table, Select: 'COUNT' })
    expect((await new DynamoDBClient(clientSettings()).send(items)).Count).toBeGreaterThan(10)
    const s3 = new S3Client({ ...clientSettings(), forcePathStyle: true })
    const objects = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'object/' }))
    expect(objects.KeyCount).toBeGreaterThan(2)
  })
})
