import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { assertDistribution } from './assert-distribution.ts'
import { assertRelay } from './assert-relay.ts'
import { assertDomain, assertKnown, isRecord, isToken, isWhole, refuse } from './assertions.ts'
import type { FunctionName, RoadsteadProps } from './props.ts'

const LEAST_MEMORY_MB = 128
const MOST_MEMORY_MB = 10_240
const LEAST_GRACE_SECONDS = 1
const FUNCTIONS: readonly string[] = ['registry', 'api', 'worker'] satisfies FunctionName[]
const URL_OF_A_HOST = /^https?:\/\/[^/?#\s]+$/
/** Neither tables nor buckets can be left as a snapshot. */
const POLICIES: readonly unknown[] = [
  RemovalPolicy.DESTROY,
  RemovalPolicy.RETAIN,
  RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
]
const RETENTIONS: readonly unknown[] = Object.values(RetentionDays)
/** Tags of AWS: lengths, and a beginning that it keeps for itself. */
const TAG_NAME = /^(?!aws:).{1,128}$/i
const MOST_TAG_CHARACTERS = 256

const ASSERTIONS = {
  domain: (domain) => {
    assertDomain('domain', domain)
  },
  externalUrl: (url, { domain }) => {
    if (domain !== undefined) {
      refuse('externalUrl', 'the domain says already by which name clients come')
    }
    if (typeof url !== 'string' || (!isToken(url) && !URL_OF_A_HOST.test(url))) {
      refuse(
        'externalUrl',
        `${String(url)} is not a URL without a path, such as https://example.com`,
      )
    }
  },
  bucket: (bucket) => {
    const { arnForObjects, bucketArn, bucketName } = isRecord(bucket) ? bucket : {}
    const isBucket = typeof bucketName === 'string' && typeof bucketArn === 'string'
    if (!isBucket || typeof arnForObjects !== 'function') {
      refuse('bucket', 'expected a bucket, such as Bucket.fromBucketName gives')
    }
  },
  encryptionKey: (key) => {
    if (!isRecord(key) || typeof key['keyArn'] !== 'string') {
      refuse('encryptionKey', 'expected a key, such as Key.fromKeyArn gives')
    }
  },
  removalPolicy: (policy) => {
    if (!POLICIES.includes(policy)) {
      refuse('removalPolicy', `${String(policy)}; expected one of ${POLICIES.join(', ')}`)
    }
  },
  createProjectsOnPush: (flag) => {
    assertFlag('createProjectsOnPush', flag)
  },
  allowSparse: (flag) => {
    assertFlag('allowSparse', flag)
  },
  memorySizeMb: (sizes) => {
    assertPerFunction('memorySizeMb', sizes, (memory) =>
      isWhole(memory, LEAST_MEMORY_MB, MOST_MEMORY_MB)
        ? undefined
        : `Lambda takes ${LEAST_MEMORY_MB} to ${MOST_MEMORY_MB}`,
    )
  },
  reservedConcurrency: (limits) => {
    assertPerFunction('reservedConcurrency', limits, (most) =>
      isWhole(most, 1, Infinity) ? undefined : 'with less than 1 the function never runs',
    )
  },
  logRetention: (days) => {
    if (typeof days !== 'number' || !RETENTIONS.includes(days)) {
      refuse('logRetention', `${String(days)}; expected one of RetentionDays`)
    }
  },
  alarmTopic: (topic) => {
    if (!isRecord(topic) || typeof topic['topicArn'] !== 'string') {
      refuse('alarmTopic', 'expected a topic, such as Topic.fromTopicArn gives')
    }
  },
  gcGrace: (grace) => {
    if (!(grace instanceof Duration)) {
      refuse('gcGrace', `${String(grace)}; expected a Duration`)
      return
    }
    const seconds = grace.toSeconds({ integral: false })
    if (!isWhole(seconds, LEAST_GRACE_SECONDS, Infinity)) {
      refuse('gcGrace', `${seconds} seconds; whole ones, at least ${LEAST_GRACE_SECONDS}`)
    }
  },
  relay: (relay, { domain }) => {
    assertRelay(relay, domain)
  },
  distribution: (distribution) => {
    assertDistribution(distribution)
  },
  apiTags: (tags) => {
    if (!isRecord(tags)) {
      refuse('apiTags', 'expected values by their names')
      return
    }
    for (const [name, value] of Object.entries(tags)) {
      if (!isToken(name) && !TAG_NAME.test(name)) refuse('apiTags', `${name} is no name of a tag`)
      if (typeof value !== 'string' || (!isToken(value) && value.length > MOST_TAG_CHARACTERS)) {
        refuse(`apiTags.${name}`, `expected a text of at most ${MOST_TAG_CHARACTERS} characters`)
      }
    }
  },
} as const satisfies Readonly<
  Record<keyof RoadsteadProps, (value: unknown, props: RoadsteadProps) => void>
>

/**
 * Refuses what would fail only when it is deployed, or later still; callers without types are told what is not there at
 * all.
 * @throws Error that begins with the name of the property
 */
export const assertProps = (props: RoadsteadProps): void => {
  assertKnown('', props, Object.keys(ASSERTIONS))
  for (const [name, assert] of Object.entries(ASSERTIONS)) {
    const value: unknown = props[name as keyof RoadsteadProps]
    if (value !== undefined) assert(value, props)
  }
}

const assertFlag = (property: string, flag: unknown): void => {
  if (typeof flag !== 'boolean') refuse(property, `${String(flag)}; expected true or false`)
}

const assertPerFunction = (
  property: string,
  given: unknown,
  whyNot: (value: unknown) => string | undefined,
): void => {
  if (!isRecord(given) || Token.isUnresolved(given)) {
    refuse(property, `expected numbers by the names of functions: ${FUNCTIONS.join(', ')}`)
    return
  }
  assertKnown(`${property}.`, given, FUNCTIONS)
  for (const [name, value] of Object.entries(given)) {
    const why = value === undefined ? undefined : whyNot(value)
    if (why !== undefined) refuse(`${property}.${name}`, `${String(value)}; ${why}`)
  }
}
