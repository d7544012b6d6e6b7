/** What collecting garbage costs and how long it takes: everything that a collected blob is to the collector, counted. */
import { collectGarbage } from '../../shared/gc/collect.ts'
import { DEFAULT_PARAMETERS, MAX_WORKERS } from '../../shared/gc/parameters.ts'
import type { Trouble } from '../../shared/gc/work-page.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { NOTHING, plus, type Usage } from './bill.ts'
import type { Counted } from './counted.ts'
import type { Stack } from './idle.ts'
import type { Prices } from './prices.ts'
import { makeImage, pushByDocker } from './stories.ts'

const IMAGES = 20
const LAYER_BYTES = 1_000
const DAY_MS = 24 * 60 * 60_000
/** Until everything is out of the trash. */
const DAYS = 6
const TENS = 10

/** A backlog that took other registries a month. */
const CANDIDATES = 1_800_000
const MILLION = 1_000_000
const HOUR_SECONDS = 3_600
/** A part of a lane is over before the function is. */
const ROUND_SECONDS = 15 * 60 - 30
/** The map itself, the look behind it, and the choice. */
const TRANSITIONS_PER_ROUND = 3

/** Of one blob, with its share of a manifest; in tens, for it is chance in which shards its tasks are, and who is first. */
export type Collected = Pick<Usage, 'readUnits' | 'writeUnits' | 'gets'> & {
  readonly calls: number
  /** Of the bucket, each as dear as a put; deleting costs nothing. */
  readonly lists: number
}

/** Pushes images, deletes their manifests, and counts what the collector does until nothing of them is left. */
export const collect = async (counted: Counted): Promise<Collected> => {
  const { ask, count, objects, store } = counted
  let blobs = 0
  for (let made = 0; made < IMAGES; made += 1) {
    const image = makeImage(LAYER_BYTES)
    await pushByDocker(counted, image)
    blobs += image.blobs.length
    const path = `/v2/p/a/manifests/${digestOf(Buffer.from(image.manifest))}`
    const { answer } = await ask(path, { method: 'DELETE' })
    if (answer.status !== 202) throw new Error(`a manifest is not deleted: ${answer.status}`)
  }
  let passed = 0
  const clock = { ...store.clock, now: () => store.clock.now() + passed }
  const over = { ...store, clock }
  const context = {
    ...{ store: over, objects, limits: DEFAULT_LIMITS, allowSparse: false },
    repositories: createRepositories(over, { createProjectsOnPush: false }),
  }
  const run = async () =>
    await count(
      async () =>
        await collectGarbage({
          ...{ context, parameters: DEFAULT_PARAMETERS },
          run: () => Promise.resolve(1),
          isStopped: () => false,
          troubled: ({ error }: Trouble) => {
            throw error
          },
        }),
    )
  let usage: Usage = NOTHING
  let [calls, collected, lists] = [0, 0, 0]
  for (let day = 0; day < DAYS; day += 1) {
    passed += DAY_MS
    const { answer, ...more } = await run()
    usage = plus(usage, more.usage)
    calls += more.calls.length
    lists += more.calls.filter(({ command }) => command.startsWith('List')).length
    collected += answer.blobs
  }
  if (collected < blobs) throw new Error(`${blobs - collected} blobs are left`)
  const each = (sum: number, whole = 1): number => Math.round(sum / collected / whole) * whole
  return {
    readUnits: each(usage.readUnits, TENS),
    writeUnits: each(usage.writeUnits, TENS),
    gets: each(usage.gets),
    calls: each(calls, TENS),
    lists: each(lists),
  }
}

/** Dollars and hours for all candidates, with so many workers. */
const backlogWith = (workers: number, each: Collected, { memoryMb }: Stack, all: Prices) => {
  const { assumed, meters, prices } = all
  const busy = (CANDIDATES * each.calls * assumed.millisecondsPerCollectorCall) / 1_000 / workers
  const throttled = (CANDIDATES * each.writeUnits) / meters.dynamodbFirstWriteUnitsPerSecond
  const seconds = Math.max(busy, throttled)
  const transitions = Math.ceil(seconds / ROUND_SECONDS) * (workers + TRANSITIONS_PER_ROUND)
  return {
    hours: seconds / HOUR_SECONDS,
    dynamodb:
      (CANDIDATES / MILLION) *
      (each.readUnits * prices.dynamodbMillionReadUnits +
        each.writeUnits * prices.dynamodbMillionWriteUnits),
    s3:
      (CANDIDATES * (each.gets * prices.s3ThousandGets + each.lists * prices.s3ThousandPuts)) /
      1_000,
    lambda: seconds * workers * (memoryMb / 1_024) * prices.lambdaArmGbSecond,
    stepFunctions: (transitions / 1_000) * prices.stepFunctionsThousandTransitions,
  }
}

/** As Markdown. */
export const backlogTable = (each: Collected, stack: Stack, all: Prices): string => {
  const money = (amount: number): string => `$${amount.toFixed(2)}`
  const rows = [1, 4, MAX_WORKERS].map((workers) => {
    const { dynamodb, hours, lambda, s3, stepFunctions } = backlogWith(workers, each, stack, all)
    const parts = [dynamodb, s3, lambda, stepFunctions]
    const sum = parts.reduce((total, part) => total + part, 0)
    return `| ${workers} | ${hours.toFixed(1)} | ${[...parts, sum].map(money).join(' | ')} |`
  })
  const { assumed, meters } = all
  return `
| workers | hours for ${CANDIDATES.toLocaleString('en')} blobs | DynamoDB | S3 | Lambda | Step Functions | together |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

A blob that is collected takes about ${each.writeUnits} write units, ${each.readUnits} read units and ${each.calls} calls, of which ${each.gets + each.lists} ask the bucket, with its share of a manifest, its lines in the log and everything that waits for it; S3 deletes for nothing, up to 1,000 objects with one call.
Assumed is ${assumed.millisecondsPerCollectorCall} ms of a function a call; a table that was never busy takes ${meters.dynamodbFirstWriteUnitsPerSecond.toLocaleString('en')} write units a second, and more as it is used.
`
}
