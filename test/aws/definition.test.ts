/**
 * The definition of the state machine as MiniStack and LocalStack run it, on their DynamoDB and S3. LocalStack calls no
 * function here, so the code of the worker is called by an activity on both.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createWorker } from '../../functions/worker/worker.ts'
import { createAwsExecutions } from '../../shared/aws/executions.ts'
import { openAws } from '../../shared/aws/open.ts'
import { DEFAULT_PARAMETERS, gcParameters, type GcParameters } from '../../shared/gc/parameters.ts'
import { ROUNDS } from '../../shared/gc/steps/look.ts'
import { startDue } from '../../shared/gc/steps/start.ts'
import { takeStep } from '../../shared/gc/steps/steps.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { readRun, startRun, stopRun } from '../../shared/schedules/runs.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createTestApp, pushImage } from '../support/app.ts'
import {
  CREDENTIALS,
  startLocalstack,
  startMinistack,
  type Endpoint,
} from '../tools/endpoints/start.ts'
import { startStateMachine, type Work } from './activity.ts'
import { createBucket, createTable, dumpBucket } from './store.ts'

Object.assign(process.env, CREDENTIALS)
const region = CREDENTIALS.AWS_REGION

const JOB = 'garbageCollection'
const DAY_MS = 24 * 60 * 60_000
const LAYERS = ['one', 'two', 'three']

/** A registry on an endpoint, its state machine, and time that a test moves. */
const open = async (endpoint: string) => {
  const [table, bucket] = [await createTable(endpoint), await createBucket(endpoint)]
  const { kv, objects } = openAws({ table, bucket, region, endpoint })
  let passed = 0
  const clock = { ...systemClock, now: () => systemClock.now() + passed }
  const store = { kv, clock, ids: createRandomIds() }
  const repositories = createRepositories(store, { createProjectsOnPush: true })
  const context: RegistryContext = {
    ...{ store, objects, repositories, limits: DEFAULT_LIMITS, allowSparse: false },
  }
  const registry = createTestApp({ context })
  const state: { around: (work: Work) => Work; isEnding: boolean } = {
    around: (work) => work,
    isEnding: false,
  }
  const notHere = () => Promise.reject(new Error('nothing of that here'))
  const worker = createWorker({
    looks: { auditPurge: notHere, garbageCollection: notHere, storageAudit: notHere },
    collect: notHere,
    handlers: { wakeJob: notHere, verifyUpload: notHere },
    takeStep: async (step, isEnding) =>
      await takeStep({ context, executions: executions(), troubled }, step, isEnding),
    reportError: troubled,
  })
  const work: Work = async (payload) =>
    await worker(payload, { remainingMs: () => (state.isEnding ? 0 : 900_000) })
  const machine = await startStateMachine(endpoint, () => state.around(work))
  const executions = () =>
    createAwsExecutions({ stateMachine: machine.stateMachineArn, region, endpoint })
  return {
    ...{ executions: executions(), machine, registry, state, store },
    objects: async () => [...(await dumpBucket(endpoint, bucket)).objects.keys()],
    pass: (milliseconds: number) => {
      passed += milliseconds
    },
    deleteImage: async (): Promise<void> => {
      const digest = await pushImage(registry, 'p/a', 'v1', LAYERS)
      const path = `/v2/p/a/manifests/${digest}`
      expect((await registry.app.request(path, { method: 'DELETE' })).status).toBe(202)
    },
    begin: async (given: Partial<GcParameters> = {}): Promise<number> => {
      const parameters = gcParameters({ ...DEFAULT_PARAMETERS, ...given })
      const { number } = await startRun(store, JOB, parameters)
      await startDue(store, executions())
      return number
    },
  }
}

const troubled = (trouble: unknown): void => {
  throw new Error('there is no trouble here', { cause: trouble })
}

describe.each([
  ['MiniStack', startMinistack],
  ['LocalStack', startLocalstack],
])('the definition on %s', (_name, start) => {
  let running: Endpoint | undefined
  let opened: Awaited<ReturnType<typeof open>> | undefined
  beforeAll(async () => {
    running = await start()
  })
  afterEach(async () => {
    await opened?.machine.close()
  })
  afterAll(async () => {
    await running?.stop()
  })
  const fresh = async () => (opened = await open(running?.endpoint ?? ''))

  it('frees what nothing holds, in as many lanes as there are workers', async () => {
    const { begin, deleteImage, machine, objects, pass, store } = await fresh()
    await deleteImage()
    expect(await objects()).toHaveLength(LAYERS.length + 1)
    let blobs = 0
    for (let day = 0; day < 5; day += 1) {
      pass(DAY_MS)
      const number = await begin({ workers: 3 })
      const [last] = await machine.ended()
      expect(last).toMatchObject({ status: 'SUCCEEDED' })
      const { result, status } = await readRun(store, JOB, number)
      expect(status).toBe('Success')
      blobs += result['blobs'] ?? 0
    }
    expect(blobs).toBe(LAYERS.length + 1)
    expect(await objects()).toEqual([])
  })

  it('takes a step again that is broken off', async () => {
    const { begin, machine, state, store } = await fresh()
    const seen = new Set<string>()
    state.around = (work) => async (payload) => {
      const answer = await work(payload)
      const step = /"step":"(\w+)"/.exec(JSON.stringify(payload))?.[1] ?? ''
      if (seen.has(step)) return answer
      seen.add(step)
      throw Object.assign(new Error('its answer is lost'), { name: 'Sandbox.Timedout' })
    }
    const number = await begin()
    expect(await machine.ended()).toMatchObject([{ status: 'SUCCEEDED' }])
    expect([...seen].sort()).toEqual(['begin', 'finish', 'look', 'work'])
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Success' })
  })

  it.each(['begin', 'work', 'look'])('ends the run when %s fails for good', async (failing) => {
    const { begin, machine, state, store } = await fresh()
    state.around = (work) => async (payload) => {
      const answer = await work(payload)
      if (JSON.stringify(payload).includes(`"step":"${failing}"`)) throw new Error('broken')
      return answer
    }
    const number = await begin({ workers: 2 })
    expect(await machine.ended()).toMatchObject([{ status: 'FAILED', error: 'CollectionFailed' }])
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Error' })
  })

  it('stops when it is told to', async () => {
    const { begin, machine, state, store } = await fresh()
    state.around = (work) => async (payload) => {
      if (JSON.stringify(payload).includes('"step":"work"')) await stopRun(store, JOB, 1)
      return await work(payload)
    }
    const number = await begin()
    expect(await machine.ended()).toMatchObject([{ status: 'SUCCEEDED' }])
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Stopped' })
  })

  it('foresees in one step', async () => {
    const { begin, machine, store } = await fresh()
    const number = await begin({ isDryRun: true })
    expect(await machine.ended()).toMatchObject([{ status: 'SUCCEEDED' }])
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Success' })
  })

  it('goes on in another execution', async () => {
    const { begin, machine, state, store } = await fresh()
    state.isEnding = true
    let looks = 0
    state.around = (work) => async (payload) => {
      const text = JSON.stringify(payload)
      if (text.includes('"step":"look"')) looks += 1
      if (text.includes('"step":"continue"')) state.isEnding = false
      return await work(payload)
    }
    const number = await begin()
    const ended = await machine.ended()
    expect(ended).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'SUCCEEDED' }])
    expect(ended.filter(({ called }) => called.startsWith(`run-${number}-1-`))).toHaveLength(1)
    expect(looks).toBe(ROUNDS + 1)
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Success' })
  })

  it('has nothing to do when no run waits, and a name is begun once', async () => {
    const { executions, machine } = await fresh()
    expect(await executions.start('{}', 'name')).toBe('started')
    expect(await executions.start('{"other":1}', 'name')).toBe('exists')
    const [only, ...others] = await machine.ended()
    expect(others).toEqual([])
    expect(only).toMatchObject({ called: 'name', status: 'SUCCEEDED' })
    expect(await executions.start('{}', 'name')).toBe('exists')
  })
})
