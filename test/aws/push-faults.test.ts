/** A push whose function ends, or whose calls go wrong, at every single call to AWS that it makes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../functions/registry/app.ts'
import { openAws } from '../../shared/aws/open.ts'
import { createDoor } from '../../shared/identity/door.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import type { AwsCall } from '../../shared/aws/settings.ts'
import type { Clock } from '../../shared/ports.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { violations } from '../simulation/invariants.ts'
import { imageJson } from '../support/app.ts'
import { uncovered } from '../support/leftovers.ts'
import { CREDENTIALS, startMinistack, type Endpoint } from '../tools/endpoints/start.ts'
import { awsError, createFaults, type Fault } from './faults.ts'
import { createBucket, createTable, dumpBucket, dumpTable } from './store.ts'

/** So small that a few kilobytes take every path: parts, tails, a manifest's body in the bucket. */
const LIMITS = { ...DEFAULT_LIMITS, partBytes: 1_000, minPartBytes: 1_000, inlineBodyBytes: 200 }
const LAYER = Array.from({ length: 350 }, (_, index) => `line ${index}\n`).join('')
const MANIFEST = imageJson('{}', [LAYER])
const TIMEOUT_MS = 240_000

let ministack: Endpoint
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS)
  ministack = await startMinistack()
})
afterAll(async () => {
  await ministack.stop()
})

/** A registry on a table and a bucket of its own. Time passes when somebody waits for it. */
const open = async () => {
  const { endpoint } = ministack
  const [table, bucket] = [await createTable(endpoint), await createBucket(endpoint)]
  const faults = createFaults()
  const { AWS_REGION: region } = CREDENTIALS
  const { kv, objects } = openAws({ table, bucket, region, endpoint, around: faults.around })
  let waited = 0
  const clock: Clock = {
    now: () => Date.now() + waited,
    sleep: async (milliseconds) => {
      waited += milliseconds
      await Promise.resolve()
    },
  }
  /** A function as it is after a cold start. */
  const start = () => {
    const store = { kv, clock, ids: createRandomIds() }
    return createApp({
      context: {
        ...{ store, objects, limits: LIMITS, allowSparse: false },
        repositories: createRepositories(store, { createProjectsOnPush: true }),
      },
      verify: () => Promise.reject(new Error('nothing is uploaded directly here')),
      isReadOnly: () => Promise.resolve(false),
      hashing: createPortableHashing(),
      ...createDoor(store, 'open'),
      reportError: () => undefined,
    })
  }
  /** What is wrong with the table and the bucket as they are. */
  const wrong = async (): Promise<readonly string[]> => {
    const items = await dumpTable(endpoint, table)
    const { objects: stored, uploads } = await dumpBucket(endpoint, bucket)
    const get = ({ pk, sk }: { pk: string; sk: string }) =>
      items.find((item) => item.pk === pk && item.sk === sk)
    const observed = { table: { items: () => items, get, locks: new Set<string>() } }
    const staged = uploads.map((key) => key.replace(/^object/, 'staged'))
    return [
      ...uncovered(items, [...stored.keys(), ...staged]),
      ...violations({ ...observed, bucket: { objects: stored } }),
    ]
  }
  return { faults, start, wrong, clock }
}

type App = ReturnType<Awaited<ReturnType<typeof open>>['start']>
type Ask = (path: string, init: RequestInit) => Promise<Response>

const AGAIN = new Set([429, 503])
const MAX_TRIES = 200

/** As clients do: what is to be tried again is tried again, after as long as was said. */
const patient =
  (app: App, clock: Clock): Ask =>
  async (path, init) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await app.request(path, init)
      if (!AGAIN.has(answer.status) || tries === MAX_TRIES) return answer
      const seconds = Number(answer.headers.get('Retry-After'))
      expect(seconds).toBeGreaterThan(0)
      await clock.sleep(seconds * 1_000)
    }
  }

const send = async (ask: Ask, method: string, path: string, text: string): Promise<Response> =>
  await ask(path, {
    method,
    body: Buffer.from(text),
    headers: { 'Content-Length': String(text.length) },
  })

const expectStatus = async (answer: Response, status: number): Promise<Response> => {
  if (answer.status !== status) throw new Error(`${answer.status}: ${await answer.text()}`)
  return answer
}

/** One blob at once, one in chunks, and the manifest of both. */
const push = async (ask: Ask): Promise<void> => {
  const uploads = '/v2/p/a/blobs/uploads/'
  await expectStatus(await send(ask, 'POST', `${uploads}?digest=${digestOf('{}')}`, '{}'), 201)
  const started = await expectStatus(await ask(uploads, { method: 'POST' }), 202)
  const location = started.headers.get('Location') ?? ''
  let offset = 0
  for (const length of [700, 2_000]) {
    const chunk = LAYER.slice(offset, offset + length)
    const sent = await send(ask, 'PATCH', location, chunk)
    offset += length
    // Its first try was done after all, and said nothing.
    if (sent.status !== 416) await expectStatus(sent, 202)
    expect(sent.headers.get('Range')).toBe(`0-${offset - 1}`)
  }
  const put = `${location}?digest=${digestOf(LAYER)}`
  await expectStatus(await send(ask, 'PUT', put, LAYER.slice(offset)), 201)
  await expectStatus(await send(ask, 'PUT', '/v2/p/a/manifests/v1', MANIFEST), 201)
}

const expectPullable = async (app: App): Promise<void> => {
  expect(await (await app.request('/v2/p/a/manifests/v1')).text()).toBe(MANIFEST)
  for (const text of ['{}', LAYER]) {
    const redirect = await app.request(`/v2/p/a/blobs/${digestOf(text)}`)
    const got = await fetch(redirect.headers.get('Location') ?? '')
    expect(digestOf(Buffer.from(await got.arrayBuffer()))).toBe(digestOf(text))
  }
}

const callsOfPush = async (): Promise<readonly AwsCall[]> => {
  const { clock, faults, start, wrong } = await open()
  faults.plan()
  await push(patient(start(), clock))
  const calls = [...faults.calls()]
  await expectPullable(start())
  expect(await wrong()).toEqual([])
  return calls
}

describe('a push, at every call to AWS that it makes', () => {
  it.each<Fault>(['ended before', 'ended after'])(
    'whose function %s the call leaves only what queued tasks cover, and a second push makes it whole',
    async (fault) => {
      const { length: calls } = await callsOfPush()
      expect(calls).toBeGreaterThan(25)
      for (let at = 1; at <= calls; at += 1) {
        const { clock, faults, start, wrong } = await open()
        faults.plan(at, fault)
        // A call made side by side with others may be one later than in another run.
        await Promise.race([push(patient(start(), clock)), faults.ended()])
        faults.plan()
        expect(await wrong(), `call ${at}`).toEqual([])
        const again = start()
        await push(patient(again, clock))
        await expectPullable(again)
        expect(await wrong(), `call ${at}, pushed again`).toEqual([])
      }
    },
    TIMEOUT_MS,
  )

  it.each<Fault>(['dropped', 'answer lost', 'delayed', 'sent twice'])(
    'comes to its end with the call "%s", and leaves nothing that no task covers',
    async (fault) => {
      const { length: calls } = await callsOfPush()
      for (let at = 1; at <= calls; at += 1) {
        const { clock, faults, start, wrong } = await open()
        faults.plan(at, fault)
        const app = start()
        try {
          await push(patient(app, clock))
        } catch (error) {
          const [call] = faults.calls().slice(at - 1)
          throw new Error(`call ${at}, ${call?.command ?? ''}: ${String(error)}`, { cause: error })
        }
        await faults.release()
        faults.plan()
        await expectPullable(app)
        expect(await wrong(), `call ${at}`).toEqual([])
      }
    },
    TIMEOUT_MS,
  )
})

describe('a push under load', () => {
  it('waits out a minute in which DynamoDB takes nothing, told to come back', async () => {
    const { clock, faults, start, wrong } = await open()
    const app = start()
    const from = clock.now()
    faults.refuse(({ service }) =>
      service === 'dynamodb' && clock.now() < from + 60_000
        ? awsError('ProvisionedThroughputExceededException', 400)
        : undefined,
    )
    const first = await app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    expect([first.status, first.headers.get('Retry-After')]).toEqual([429, '1'])
    await push(patient(app, clock))
    expect(clock.now() - from).toBeGreaterThan(60_000)
    await expectPullable(app)
    expect(await wrong()).toEqual([])
  })

  it.each([
    ['dynamodb', 60_000, awsError('ProvisionedThroughputExceededException', 400)],
    // Its client waits between its own attempts, by the clock on the wall.
    ['s3', 3_000, awsError('SlowDown', 503)],
  ] as const)(
    'waits out that %s takes nothing for %i ms, from whichever of its calls on, and is whole in the end',
    async (service, milliseconds, error) => {
      const calls = (await callsOfPush()).filter((call) => call.service === service)
      expect(calls.length).toBeGreaterThan(3)
      for (let at = 1; at <= calls.length; at += 1) {
        const { clock, faults, start, wrong } = await open()
        const app = start()
        let seen = 0
        let until = Infinity
        faults.refuse((call) => {
          if (call.service !== service) return undefined
          seen += 1
          if (seen === at) until = clock.now() + milliseconds
          return seen >= at && clock.now() < until ? error : undefined
        })
        await push(patient(app, clock))
        expect(clock.now()).toBeGreaterThanOrEqual(until)
        faults.refuse(undefined)
        await expectPullable(app)
        expect(await wrong(), `throttled from call ${at} on`).toEqual([])
      }
    },
    TIMEOUT_MS,
  )

  it('waits until S3 no longer asks it to slow down', async () => {
    const { clock, faults, start, wrong } = await open()
    const app = start()
    const from = clock.now()
    faults.refuse(({ service }) =>
      service === 's3' && clock.now() < from + 5_000 ? awsError('SlowDown', 503) : undefined,
    )
    const upload = `/v2/p/a/blobs/uploads/?digest=${digestOf('{}')}`
    const first = await send(async (...args) => await app.request(...args), 'POST', upload, '{}')
    expect([first.status, first.headers.get('Retry-After')]).toEqual([429, '1'])
    await push(patient(app, clock))
    await expectPullable(app)
    expect(await wrong()).toEqual([])
  })
})
