import { collectInBackground } from '../../shared/gc/background.ts'
import type { Trouble } from '../../shared/gc/work-page.ts'
import { auditPurgeJob } from '../../shared/audit/purge-job.ts'
import { startDue } from '../../shared/gc/steps/start.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { templateOf } from '../aws/with-stack.ts'
import { billOfMillion, gbSecondsOf, type Usage } from './bill.ts'
import type { Counted } from './counted.ts'
import type { Prices } from './prices.ts'

const HOURS = 730
const SECONDS = HOURS * 3600
const MILLION = 1_000_000
const GB = 1_000_000_000

/** What the worker does when nothing is due. */
export const tick = async ({ count, objects, store }: Counted): Promise<Usage> => {
  const context = {
    ...{ store, objects, limits: DEFAULT_LIMITS, allowSparse: false },
    repositories: createRepositories(store, { createProjectsOnPush: false }),
  }
  const collection = {
    context,
    troubled: ({ error }: Trouble) => {
      throw error
    },
    lost: () => undefined,
  }
  const isEnding = (): boolean => false
  const { usage } = await count(async () => {
    await runDue(store, auditPurgeJob(store), isEnding)
    await startDue(store, {
      start: () => Promise.reject(new Error('nothing is due here')),
    })
    await collectInBackground({ ...collection, isEnding })
  })
  return { ...usage, requests: 1 }
}

/** What the stack has, from its template. */
export const readStack = () => {
  const template = templateOf()
  const of = (type: string) => Object.values(template.findResources(type))
  const [schedule] = of('AWS::Scheduler::Schedule')
  const [lambda] = of('AWS::Lambda::Function')
  const minutes = /rate\((\d+) minutes\)/.exec(JSON.stringify(schedule))?.[1]
  const memory = /"MemorySize":(\d+)/.exec(JSON.stringify(lambda))?.[1]
  if (minutes === undefined || memory === undefined)
    throw new Error('the template is not read right')
  return {
    secrets: of('AWS::SecretsManager::Secret').length,
    alarms: of('AWS::CloudWatch::Alarm').length,
    polledQueues: of('AWS::Lambda::EventSourceMapping').length,
    ticks: (HOURS * 60) / Number(minutes),
    memoryMb: Number(memory),
  }
}

export type Stack = ReturnType<typeof readStack>

/** Dollars for a month in which nobody comes: where the account's free allowances are left, and where they are used up. */
export const idleMonth = (each: Usage, stack: Stack, all: Prices) => {
  const { assumed, freeEveryMonth: free, meters, prices } = all
  const { alarms, memoryMb, polledQueues, secrets, ticks } = stack
  const looks = (polledQueues * meters.sqsPollers * SECONDS) / meters.sqsPollSeconds
  const gbSeconds = gbSecondsOf(each, memoryMb, all) * ticks
  const logsGb = (assumed.logBytesPerRequest * ticks) / GB
  const { dynamodb } = billOfMillion(each, memoryMb, all)
  const beyond = (used: number, left: number): number => Math.max(0, used - left)
  const cost = (left: typeof free): number =>
    secrets * prices.secretMonth +
    beyond(alarms, left.alarms) * prices.alarmMonth +
    (beyond(looks, left.sqsRequests) / MILLION) * prices.sqsMillionRequests +
    (beyond(ticks, left.schedulerInvocations) / MILLION) * prices.schedulerMillionInvocations +
    (beyond(ticks, left.lambdaRequests) / MILLION) * prices.lambdaMillionRequests +
    beyond(gbSeconds, left.lambdaGbSeconds) * prices.lambdaArmGbSecond +
    beyond(logsGb, left.logsGb) * prices.logsGb +
    (dynamodb * ticks) / MILLION
  const none = {
    ...{ alarms: 0, sqsRequests: 0, schedulerInvocations: 0 },
    ...{ lambdaRequests: 0, lambdaGbSeconds: 0, logsGb: 0 },
  }
  return { withFree: cost(free), withoutFree: cost(none) }
}
