import type { Duration, RemovalPolicy, TimeZone } from 'aws-cdk-lib'
import type { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling'
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { IVpc } from 'aws-cdk-lib/aws-ec2'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IHostedZone } from 'aws-cdk-lib/aws-route53'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
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

/** CloudFront before the bucket, for who pulls from far away, or the same from everywhere. */
export type DistributionProps = {
  /** In PEM, of a pair that you made: RSA of 2048 bits, or P-256. A change of it ends the URLs of the last 20 minutes. */
  readonly publicKey: string
  /** Its private key, in PEM, as the text of a secret. */
  readonly privateKey: ISecret
  /**
   * A name of the distribution's own; its certificate must be in us-east-1, wherever the stack is.
   * @default the one of CloudFront
   */
  readonly domain?: CustomDomain
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
   * Blobs are read by way of CloudFront, by URLs that the registry signs. To a bucket from elsewhere its owner lets the
   * distribution in; `cdk synth` says how.
   * @default none: they are read from S3 itself
   */
  readonly distribution?: DistributionProps
  /**
   * Tags of the HTTP API alone.
   * @default none
   */
  readonly apiTags?: Readonly<Record<string, string>>
}
