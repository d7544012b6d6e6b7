/** What an operation costs: its calls to AWS, counted where the SDK sends them, with a login. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import { imageJson } from '../support/app.ts'
import { CREDENTIALS, startMinistack, type Endpoint } from '../tools/endpoints/start.ts'
import { createFaults } from './faults.ts'
import { createInstance, prepare } from './instance.ts'
import { createBucket, createTable } from './store.ts'

type Ask = (
  path: string,
  init?: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
) => Promise<Response>

let ministack: Endpoint
/** An instance of the function that has been in use, and one after a cold start. */
let ask: Ask
let askCold: Ask
const faults = createFaults()

beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS)
  ministack = await startMinistack()
  const { endpoint } = ministack
  const [table, bucket] = [await createTable(endpoint), await createBucket(endpoint)]
  const { AWS_REGION: region } = CREDENTIALS
  const { kv, objects } = openAws({ table, bucket, region, endpoint, around: faults.around })
  // The client of the bucket is loaded with its first use, which would count as a wait.
  await objects.head('none')
  const instance = createInstance({ kv, objects })
  const token = await prepare(instance)
  const askOf =
    (of: typeof instance.app): Ask =>
    async (path, { headers, ...init } = {}) =>
      await of.request(path, { ...init, headers: { Authorization: `Bearer ${token}`, ...headers } })
  ask = askOf(instance.app)
  askCold = askOf(createInstance({ kv, objects }).app)
})

afterAll(async () => {
  await ministack.stop()
})

/** What came of a request, what it called, and how many of the calls waited for one another. */
const measure = async (run: () => Promise<Response>) => {
  faults.plan()
  const { status } = await run()
  const called = faults.calls().map(({ command }) => command.replace(/Command$/, ''))
  return [status, called.toSorted().join(' '), faults.roundTrips()] as const
}

const send = async (
  method: string,
  path: string,
  text: string,
  type = 'application/octet-stream',
) =>
  await ask(path, {
    method,
    body: Buffer.from(text),
    headers: { 'Content-Type': type, 'Content-Length': String(text.length) },
  })

const start = async (): Promise<string> => {
  const started = await ask('/v2/p/a/blobs/uploads/', { method: 'POST' })
  return started.headers.get('Location') ?? ''
}

const putManifest = async (json: string, tag: string): Promise<Response> =>
  await send('PUT', `/v2/p/a/manifests/${tag}`, json, MEDIA_TYPE.imageManifest)

const JSON_OF_IMAGE = imageJson('{}', ['one'])

/** The instance knows the token's key, the repository's name and that the account stands: a first request asks for those. */
describe('the calls of a push by somebody who is logged in', () => {
  it('are the session and its review to begin an upload', async () => {
    await start()
    const begin = async () => await ask('/v2/p/a/blobs/uploads/', { method: 'POST' })
    expect(await measure(begin)).toEqual([202, 'GetItem TransactWriteItems', 2])
  })

  it('are the bytes and two transactions to commit a blob, behind the look at its session', async () => {
    for (const text of ['{}', 'one']) {
      const location = await start()
      const put = async () => await send('PUT', `${location}?digest=${digestOf(text)}`, text)
      const writes = 'PutObject Query TransactWriteItems TransactWriteItems'
      expect(await measure(put)).toEqual([201, `GetItem ${writes}`, 3])
    }
  })

  it('are the tail and the session for a small chunk, and a copy to make it the blob', async () => {
    const location = await start()
    const patch = async () => await send('PATCH', location, 'abc')
    expect(await measure(patch)).toEqual([202, 'GetItem PutObject Query TransactWriteItems', 3])
    const put = async () => await ask(`${location}?digest=${digestOf('abc')}`, { method: 'PUT' })
    const writes = 'Query TransactWriteItems TransactWriteItems'
    expect(await measure(put)).toEqual([201, `CopyObject GetItem ${writes}`, 3])
  })

  it('are six in five round trips for a manifest', async () => {
    const put = async () => await putManifest(JSON_OF_IMAGE, 'v1')
    const six =
      'BatchGetItem BatchGetItem BatchWriteItem GetItem TransactWriteItems TransactWriteItems'
    expect(await measure(put)).toEqual([201, six, 5])
  })

  it('are two round trips to push what was just given its tag, and three to move a tag', async () => {
    const put = (tag: string) => async () => await putManifest(JSON_OF_IMAGE, tag)
    expect(await measure(put('v1'))).toEqual([201, 'BatchGetItem BatchGetItem GetItem', 2])
    const calls = 'BatchGetItem BatchGetItem GetItem TransactWriteItems'
    expect(await measure(put('v2'))).toEqual([201, calls, 3])
  })
})

describe('the calls of a pull by somebody who is logged in', () => {
  it.each([
    ['the ping', 'GET', '/v2/', [200, '', 0]],
    ['a manifest by tag', 'GET', '/v2/p/a/manifests/v1', [200, 'GetItem Query', 2]],
    ['its HEAD', 'HEAD', '/v2/p/a/manifests/v1', [200, 'GetItem GetItem', 2]],
    ['one by digest', 'GET', `/v2/p/a/manifests/${digestOf(JSON_OF_IMAGE)}`, [200, 'Query', 1]],
    ['its HEAD', 'HEAD', `/v2/p/a/manifests/${digestOf(JSON_OF_IMAGE)}`, [200, 'GetItem', 1]],
    ['a blob', 'GET', `/v2/p/a/blobs/${digestOf('one')}`, [307, 'BatchGetItem Query', 1]],
    ['its HEAD', 'HEAD', `/v2/p/a/blobs/${digestOf('one')}`, [200, 'BatchGetItem GetItem', 1]],
    ['a page of tags', 'GET', '/v2/p/a/tags/list', [200, 'Query', 1]],
    ['of referrers', 'GET', `/v2/p/a/referrers/${digestOf(JSON_OF_IMAGE)}`, [200, 'Query', 1]],
    ['of the catalog', 'GET', '/v2/_catalog', [200, 'Query', 1]],
  ])('for %s (%s)', async (_, method, path, expected) => {
    expect(await measure(async () => await ask(path, { method }))).toEqual(expected)
  })

  it('are the keys and the name besides, for the first one of an instance', async () => {
    const pull = async () => await askCold('/v2/p/a/manifests/v1')
    expect(await measure(pull)).toEqual([200, 'GetItem GetItem Query Query', 4])
    expect(await measure(pull)).toEqual([200, 'GetItem Query', 2])
  })
})
