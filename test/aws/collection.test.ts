/** Garbage collection by the state machine of the deployed stack, where policies are enforced. */
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  type ExecutionListItem,
} from '@aws-sdk/client-sfn'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Login } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { writeImage } from '../support/layout.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { endOf, runsOf, startRun } from './gc-runs.ts'
import { deployRegistry, type DeployedRegistry } from './registry.ts'
import { makeProject, makeRobot } from './stories.ts'

let registry: DeployedRegistry
let ci: Login

/** Long enough for a push, which is made again where it is not. */
const GRACE_SECONDS = 10
const LAYERS = 3
const LAYER_BYTES = 64 * 1024

beforeAll(async () => {
  registry = await deployRegistry(
    { cliCredentials: 'true', disposable: 'true', gcGraceSeconds: String(GRACE_SECONDS) },
    { enforcesIam: true },
  )
  await makeProject(registry, 'team')
  ci = await makeRobot(registry, 'team', ['pull', 'push'])
})

afterAll(async () => {
  await registry.stop()
})

const clientSettings = () => ({
  endpoint: registry.endpoint,
  region: CREDENTIALS.AWS_REGION,
  credentials: {
    accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
    secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  },
})

const objects = async (): Promise<number> => {
  const s3 = new S3Client({ ...clientSettings(), forcePathStyle: true })
  const { BucketName: Bucket } = registry.outputs
  return (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'object/' }))).KeyCount ?? 0
}

const sfn = () => new SFNClient(clientSettings())

const machine = async (): Promise<string> => {
  const { stateMachines = [] } = await sfn().send(new ListStateMachinesCommand({}))
  expect(stateMachines).toHaveLength(1)
  return stateMachines[0]?.stateMachineArn ?? ''
}

/** The newest first. */
const executions = async (): Promise<readonly ExecutionListItem[]> =>
  (await sfn().send(new ListExecutionsCommand({ stateMachineArn: await machine() }))).executions ??
  []

const areOver = async (): Promise<readonly ExecutionListItem[]> =>
  await eventually('all executions are over', async () => {
    const all = await executions()
    return all.some(({ status }) => status === 'RUNNING') ? undefined : all
  })

describe('a collection on AWS', () => {
  const workspace = provideWorkspace(() => ({ host: registry.host, login: ci }))

  it('frees what nothing holds, by a lane for each worker, and tells what it did', async () => {
    const layout = await writeImage(await workspace().directory('image'), {
      layers: LAYERS,
      layerBytes: LAYER_BYTES,
    })
    const reference = `${registry.host}/team/image:v1`
    await eventually('the push is faster than the collector', async () => {
      const push = workspace().run('crane', 'push', '--insecure', layout.path, reference)
      return await push.catch(() => undefined)
    })
    // With its config.
    expect(await objects()).toBe(LAYERS + 1)
    const path = '/projects/team/repositories/image'
    expect((await registry.ask(path, { method: 'DELETE' })).status).toBe(200)
    while ((await objects()) > 0) {
      const { status } = await endOf(registry, await startRun(registry, { workers: 3 }))
      expect(status).toBe('Success')
    }
    // The worker's own look for garbage may have had its part.
    const runs = await runsOf(registry)
    const sum = (name: string): number =>
      runs.reduce((total, { sums }) => total + (sums[name] ?? 0), 0)
    expect(sum('purged_blobs')).toBe(LAYERS + 1)
    expect(sum('freed_space')).toBeGreaterThanOrEqual(LAYERS * LAYER_BYTES)
    const all = await areOver()
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']))
    const executionArn = all[0]?.executionArn ?? ''
    const history = await sfn().send(new GetExecutionHistoryCommand({ executionArn }))
    const { events = [] } = history
    // One to begin, three lanes at least once, one to look, one to finish.
    const calls = events.filter(({ type }) => type === 'TaskSucceeded')
    expect(calls.length).toBeGreaterThanOrEqual(6)
    expect(events.filter(({ type }) => type === 'TaskFailed')).toEqual([])
    const said = await (await registry.ask('/system/gc/1/log')).text()
    expect(said).toContain('3 workers; manifests without a tag stay')
    expect(said).toMatch(/\d+ tasks were worked on; 0 failed/)
  })

  it('foresees in one step', async () => {
    const run = await endOf(registry, await startRun(registry, { dry_run: true }))
    expect(run.status).toBe('Success')
  })

  it('is over when it is stopped, whenever that is', async () => {
    const path = await startRun(registry)
    expect((await registry.ask(path, { method: 'PUT' })).status).toBe(200)
    const { status } = await endOf(registry, path)
    expect(['Stopped', 'Success']).toContain(status)
    await areOver()
  })

  it('is done once when it is begun twice, and by nobody when no run waits', async () => {
    const path = await startRun(registry)
    const stateMachineArn = await machine()
    for (const input of ['{}', '{"strange":true}']) {
      await sfn().send(new StartExecutionCommand({ stateMachineArn, input }))
    }
    expect((await endOf(registry, path)).status).toBe('Success')
    const [third, second, first] = (await areOver()).slice(0, 3)
    for (const one of [first, second, third]) expect(one?.status).toBe('SUCCEEDED')
    const statuses = (await runsOf(registry)).map(({ status }) => status)
    expect(new Set(statuses).isSubsetOf(new Set(['Success', 'Stopped']))).toBe(true)
  })
})
