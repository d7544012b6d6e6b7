import { Fn, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import {
  BUCKET_ACTIONS,
  AUDIT_ACTIONS,
  COLLECTOR_BUCKET_ACTIONS,
  COLLECTOR_OBJECT_ACTIONS,
  KEY_ACTIONS,
  COPY_ACTIONS,
  REGISTRY_OBJECT_ACTIONS,
  SECRET_ACTIONS,
  SEND_ACTIONS,
  START_ACTIONS,
  TABLE_ACTIONS,
  WORK_ACTIONS,
} from './actions.ts'
import { Alarms } from './alarms.ts'
import { assertProps } from './assert-props.ts'
import { BundledFunction } from './bundled-function.ts'
import { Collection } from './collection/collection.ts'
import { BlobDistribution } from './distribution.ts'
import { FrontDoor } from './front-door.ts'
import type { Permission } from './own-role.ts'
import type { BlobBucket, FunctionName, RoadsteadProps } from './props.ts'
import { Relay } from './relay/relay.ts'
import { Store } from './store.ts'
import { Queues, Work, WORK_SECONDS } from './work.ts'

export type {
  BlobBucket,
  CustomDomain,
  DistributionProps,
  FunctionName,
  RelayProps,
  RoadsteadProps,
} from './props.ts'

const DEFAULT_MEMORY_MB = 1024
/** Below the 30 seconds after which an HTTP API gives up. */
const ANSWER_SECONDS = 29
const PASSWORD_CHARACTERS = 32

/**
 * A registry: an HTTP API in front of two functions, on one table and one bucket, a third function that works behind
 * them, and a state machine that has it collect garbage. Idle, it costs its storage and one secret.
 *
 * ```ts
 * new Roadstead(stack, 'Registry', { domain: { name: 'registry.example.com', certificate, hostedZone } })
 * ```
 */
export class Roadstead extends Construct {
  readonly api: HttpApi
  readonly table: Table
  readonly bucket: BlobBucket
  /** Holds the password of `admin` until somebody changes it. */
  readonly firstPassword: Secret
  /** By which clients reach the registry. */
  readonly url: string
  /** As in the name of an image. */
  readonly host: string
  /** Takes layers of any size, where it was asked for. */
  readonly relay: Relay | undefined
  /** By which blobs are read, where it was asked for. */
  readonly distribution: BlobDistribution | undefined
  /** A command that writes the first password to standard output. */
  readonly firstPasswordCommand: string

  constructor(scope: Construct, id: string, props: RoadsteadProps = {}) {
    super(scope, id)
    assertProps(props)
    const { encryptionKey, removalPolicy = RemovalPolicy.RETAIN } = props
    const logRetention = props.logRetention ?? RetentionDays.ONE_MONTH
    const kept = { encryptionKey, removalPolicy }
    const { bucket, table } = new Store(this, 'Store', { ...kept, bucket: props.bucket })
    const queues = new Queues(this, 'Queues', kept)
    const collection = new Collection(this, 'Collection')
    this.firstPassword = new Secret(this, 'FirstPassword', {
      description: 'The password that the user admin of Roadstead has at first',
      generateSecretString: {
        passwordLength: PASSWORD_CHARACTERS,
        excludePunctuation: true,
        // Or the registry would refuse it.
        requireEachIncludedType: true,
      },
      removalPolicy,
      ...(encryptionKey !== undefined && { encryptionKey }),
    })
    Validations.of(this.firstPassword).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'It is read once, for the first login; from then on the registry has the password, changed or not.',
    })

    const may = (actions: readonly string[], resource: string): Permission => ({
      actions,
      resource,
    })
    const keys = [encryptionKey, bucket.encryptionKey].filter((key) => key !== undefined)
    const useKeys = [...new Set(keys.map(({ keyArn }) => keyArn))].map((arn) =>
      may(KEY_ACTIONS, arn),
    )
    const environment = {
      TABLE_NAME: table.tableName,
      BUCKET_NAME: bucket.bucketName,
      QUEUE_URL: queues.messages.queueUrl,
      ...(props.gcGrace !== undefined && {
        GC_GRACE_SECONDS: String(props.gcGrace.toSeconds()),
      }),
    }
    const collecting = { COLLECTION_ARN: collection.arn }
    const startCollections = may(START_ACTIONS, collection.arn)
    const front = {
      ...environment,
      ADMIN_SECRET: this.firstPassword.secretArn,
      CREATE_PROJECTS_ON_PUSH: String(props.createProjectsOnPush ?? false),
      ALLOW_SPARSE: String(props.allowSparse ?? false),
      ...(props.externalUrl !== undefined && { EXTERNAL_URL: props.externalUrl }),
    }
    const common = (name: FunctionName) => ({
      ...{ logRetention, removalPolicy },
      entry: `functions/${name}/handler.ts`,
      memorySizeMb: props.memorySizeMb?.[name] ?? DEFAULT_MEMORY_MB,
      reservedConcurrency: props.reservedConcurrency?.[name],
    })

    this.distribution =
      props.distribution &&
      new BlobDistribution(this, 'Distribution', { ...props.distribution, bucket })
    const { environment: reading, permissions: signing = [] } = this.distribution ?? {}
    const pushing = [
      may(TABLE_ACTIONS, table.tableArn),
      may(REGISTRY_OBJECT_ACTIONS, bucket.arnForObjects('*')),
      may(BUCKET_ACTIONS, bucket.bucketArn),
      may(SECRET_ACTIONS, this.firstPassword.secretArn),
      may(SEND_ACTIONS, queues.messages.queueArn),
      ...signing,
      ...useKeys,
    ]
    this.relay =
      props.relay &&
      new Relay(this, 'Relay', {
        ...{ ...props.relay, logRetention, removalPolicy, permissions: pushing },
        environment: { ...front, ...reading, AWS_REGION: Stack.of(this).region },
      })
    const registry = new BundledFunction(this, 'Registry', {
      ...common('registry'),
      description: 'OCI distribution API',
      timeoutSeconds: ANSWER_SECONDS,
      environment: { ...front, ...reading, ...(this.relay && { RELAY_URL: this.relay.url }) },
      permissions: pushing,
    }).function
    const management = new BundledFunction(this, 'Management', {
      ...common('api'),
      description: 'Management API',
      timeoutSeconds: ANSWER_SECONDS,
      environment: { ...front, ...collecting },
      permissions: [
        may(TABLE_ACTIONS, table.tableArn),
        may(COPY_ACTIONS, bucket.arnForObjects('*')),
        may(BUCKET_ACTIONS, bucket.bucketArn),
        may(SECRET_ACTIONS, this.firstPassword.secretArn),
        may(SEND_ACTIONS, queues.messages.queueArn),
        startCollections,
        ...useKeys,
      ],
    }).function
    const worker = new BundledFunction(this, 'Worker', {
      ...common('worker'),
      description: 'Works on messages and on what is due',
      timeoutSeconds: WORK_SECONDS,
      environment: { ...environment, ...collecting },
      permissions: [
        may([...TABLE_ACTIONS, ...AUDIT_ACTIONS].sort(), table.tableArn),
        may(COLLECTOR_OBJECT_ACTIONS, bucket.arnForObjects('*')),
        may(COLLECTOR_BUCKET_ACTIONS, bucket.bucketArn),
        may(WORK_ACTIONS, queues.messages.queueArn),
        startCollections,
        ...useKeys,
      ],
    }).function
    collection.stepBy(worker, { logRetention, removalPolicy })
    new Work(this, 'Work', worker, queues)

    const door = new FrontDoor(this, 'FrontDoor', {
      ...{ registry, logRetention, removalPolicy },
      api: management,
      domain: props.domain,
      tags: props.apiTags ?? {},
    })
    new Alarms(this, 'Alarms', {
      api: door.api,
      functions: { Registry: registry, Management: management, Worker: worker },
      ...{ collection, queues },
      relayErrors: this.relay?.errors,
      topic: props.alarmTopic,
    })
    this.api = door.api
    this.table = table
    this.bucket = bucket
    this.url = props.externalUrl ?? door.url
    this.host = Fn.select(2, Fn.split('/', this.url))
    this.firstPasswordCommand =
      `aws secretsmanager get-secret-value --region ${Stack.of(this).region} ` +
      `--secret-id ${this.firstPassword.secretArn} --query SecretString --output text`
  }
}
