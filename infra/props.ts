import { Token, type Duration, type RemovalPolicy, type TimeZone } from 'aws-cdk-lib'
import type { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling'
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { IVpc } from 'aws-cdk-lib/aws-ec2'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IHostedZone } from 'aws-cdk-lib/aws-route53'
import type { ITopic } from 'aws-cdk-lib/aws-sns'

/** A name for the registry instead of the one that API Gateway gives it. */
export type CustomDomain = {
  /** Such as `registry.example.com`. */
  readonly name: string
  /** Of that name, in the region of the stack. */
  readonly certificate: ICertificate
  /**
   * The zone that the name is written into.
   * @default none: whoever keeps the zone points the name to the domain of API Gateway
   */
  readonly hostedZone?: IHostedZone
}

/** What is asked of a bucket: every `IBucket` has it. */
export type BlobBucket = {
  readonly bucketName: string
  readonly bucketArn: string
  readonly encryptionKey?: IKey | undefined
  arnForObjects(keyPattern: string): string
}

/** `registry` answers clients that pull and push, `api` the management API, `worker` works behind them. */
export type FunctionName = 'registry' | 'api' | 'worker'

/** Takes layers of any size from clients as they are, beside the functions, which cannot. */
export type RelayProps = {
  /** A name of its own, in the names of images that are pushed by it; pulls go by the name of the registry. */
  readonly domain: CustomDomain
  /**
   * A VPC with public subnets for the load balancer. Tasks run in its private subnets with a way out, if it has any.
   * @default a small one of its own: two zones, public subnets, no NAT
   */
  readonly vpc?: IVpc
  /**
   * How many tasks run.
   * @default 1
   */
  readonly desiredCount?: number
  /**
   * Of a task, in Fargate's units: 1024 are a processor.
   * @default 512
   */
  readonly cpu?: number
  /**
   * Of a task. Fargate takes certain pairs of processor and memory.
   * @default 1024
   */
  readonly memoryMb?: number
  /**
   * When it runs; nothing runs in between, and pushes to its name are answered 503.
   * @default always
   */
  readonly hours?: {
    readonly start: Schedule
    readonly stop: Schedule
    /** @default UTC */
    readonly timeZone?: TimeZone
  }
}

export type RoadsteadProps = {
  /**
   * A name of the registry's own.
   * @default the one of API Gateway
   */
  readonly domain?: CustomDomain
  /**
   * By which clients reach the registry when something of yours stands before it, such as CloudFront.
   * @default the host of their requests
   */
  readonly externalUrl?: string
  /**
   * A bucket to keep blobs in. What is in it is left alone; it needs a lifecycle rule that aborts incomplete uploads.
   * @default one of its own
   */
  readonly bucket?: BlobBucket
  /**
   * Encrypts the table, the queues, the secret and a bucket of its own.
   * @default keys of AWS, which cost nothing
   */
  readonly encryptionKey?: IKey
  /**
   * What becomes of the table, the bucket, the secret, the queues and the logs when the stack is deleted. `RETAIN` also
   * protects the table from deletion.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy
  /**
   * Whether a push by somebody who may make projects makes one that does not exist.
   * @default false
   */
  readonly createProjectsOnPush?: boolean
  /**
   * Whether a manifest may refer to blobs and manifests that are not there, in projects that do not say.
   * @default false
   */
  readonly allowSparse?: boolean
  /**
   * Garbage is left alone no longer than this: uploads, what was pushed and not used yet, what is in the trash. A push that
   * takes longer fails cleanly.
   * @default as the README says: hours, or a day
   */
  readonly gcGrace?: Duration
  /**
   * Memory of each function; its share of a processor grows with it.
   * @default 1024 for each
   */
  readonly memorySizeMb?: Readonly<Partial<Record<FunctionName, number>>>
  /**
   * How often each function may run at once, taken from what the account has.
   * @default whatever the account has left
   */
  readonly reservedConcurrency?: Readonly<Partial<Record<FunctionName, number>>>
  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays
  /**
   * Is told of alarms.
   * @default nobody; the alarms are there all the same
   */
  readonly alarmTopic?: ITopic
  /**
   * A process that takes layers of any size from every client, behind a load balancer: by far the most expensive part.
   * @default none; the README says which clients push large layers without it
   */
  readonly relay?: RelayProps
  /**
   * Tags of the HTTP API alone.
   * @default none
   */
  readonly apiTags?: Readonly<Record<string, string>>
}

const LEAST_MEMORY_MB = 128
const MOST_MEMORY_MB = 10_240
const FUNCTIONS: readonly string[] = ['registry', 'api', 'worker'] satisfies FunctionName[]
const LEAST_GRACE_SECONDS = 1
const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/
const URL_OF_A_HOST = /^https?:\/\/[^/?#\s]+$/

/**
 * Refuses what would fail only when it is deployed, or later still.
 * @throws Error that begins with the name of the property
 */
export const assertProps = (props: RoadsteadProps): void => {
  const { domain, relay } = props
  if (domain !== undefined) assertDomain('domain', domain)
  if (domain !== undefined && props.externalUrl !== undefined) {
    refuse('externalUrl', 'the domain says already by which name clients come')
  }
  if (relay !== undefined) assertRelay(relay, domain)
  const { externalUrl, memorySizeMb = {}, reservedConcurrency = {} } = props
  if (externalUrl !== undefined && !isToken(externalUrl) && !URL_OF_A_HOST.test(externalUrl)) {
    refuse('externalUrl', `${externalUrl} is not a URL without a path, such as https://example.com`)
  }
  const grace = props.gcGrace?.toSeconds() ?? LEAST_GRACE_SECONDS
  if (!isWhole(grace, LEAST_GRACE_SECONDS, Infinity)) {
    refuse('gcGrace', `${grace} seconds; at least ${LEAST_GRACE_SECONDS}`)
  }
  for (const [name, memory] of Object.entries(memorySizeMb)) {
    assertFunction('memorySizeMb', name)
    if (!isWhole(memory, LEAST_MEMORY_MB, MOST_MEMORY_MB)) {
      refuse(
        `memorySizeMb.${name}`,
        `${memory}; Lambda takes ${LEAST_MEMORY_MB} to ${MOST_MEMORY_MB}`,
      )
    }
  }
  for (const [name, most] of Object.entries(reservedConcurrency)) {
    assertFunction('reservedConcurrency', name)
    if (!isWhole(most, 1, Infinity)) {
      refuse(`reservedConcurrency.${name}`, `${most}; with less than 1 the function never runs`)
    }
  }
}

const assertDomain = (property: string, domain: CustomDomain): void => {
  // Callers without types forget it.
  const { certificate, hostedZone, name } = domain as Partial<CustomDomain>
  if (name === undefined || (!isToken(name) && !HOST.test(name))) {
    refuse(`${property}.name`, `${name ?? 'missing'}; expected a host such as registry.example.com`)
  }
  if (certificate === undefined) {
    refuse(
      `${property}.certificate`,
      'missing; the name needs a certificate of the region of the stack',
    )
  }
  const zone = hostedZone?.zoneName
  if (zone !== undefined && !isToken(zone) && name !== undefined && !isToken(name)) {
    if (name !== zone && !name.endsWith(`.${zone}`)) {
      refuse(`${property}.hostedZone`, `${name} is not in the zone ${zone}`)
    }
  }
}

const assertRelay = (relay: RelayProps, registry: CustomDomain | undefined): void => {
  const { desiredCount = 1, domain } = relay as Partial<RelayProps>
  if (domain === undefined) {
    refuse('relay.domain', 'missing; clients push to a name with a certificate')
    return
  }
  assertDomain('relay.domain', domain)
  if (domain.name === registry?.name) {
    refuse('relay.domain.name', `${domain.name} is the name of the registry; it needs another`)
  }
  if (!isWhole(desiredCount, 1, Infinity)) {
    refuse('relay.desiredCount', `${desiredCount}; leave the relay away, or give it hours`)
  }
}

const assertFunction = (property: string, name: string): void => {
  if (!FUNCTIONS.includes(name)) {
    refuse(`${property}.${name}`, `no such function; there are ${FUNCTIONS.join(', ')}`)
  }
}

const isToken = (value: string): boolean => Token.isUnresolved(value)

const isWhole = (value: number, least: number, most: number): boolean =>
  Token.isUnresolved(value) || (Number.isInteger(value) && value >= least && value <= most)

const refuse = (property: string, why: string): never => {
  throw new Error(`${property}: ${why}`)
}
