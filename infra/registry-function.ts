import { rmSync } from 'node:fs'
import { Duration, type RemovalPolicy } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import {
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { BUNDLE_NAME, bundle } from './bundle.ts'

const ENTRY = 'functions/registry/handler.ts'

/** Below the 30 seconds after which an HTTP API gives up. */
const TIMEOUT = Duration.seconds(29)

/** What `shared/aws/kv.ts` calls; a transaction needs the actions of its operations. */
export const TABLE_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
] as const

/** What `shared/aws/objects.ts` and `multipart.ts` call on objects, and what the signed URLs of pulls need. */
export const OBJECT_ACTIONS = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
] as const

/** Listing; with it S3 answers 404 for an absent key, not 403. */
export const BUCKET_ACTIONS = ['s3:ListBucket', 's3:ListBucketMultipartUploads'] as const

export type RegistryFunctionProps = {
  readonly table: Table
  readonly bucket: Bucket
  readonly createProjectsOnPush: boolean
  readonly allowSparse: boolean
  readonly memorySizeMb: number
  readonly removalPolicy: RemovalPolicy
}

/** The distribution API as a Lambda function that may do exactly what its code does. */
export class RegistryFunction extends Construct {
  readonly function: LambdaFunction

  constructor(scope: Construct, id: string, props: RegistryFunctionProps) {
    super(scope, id)
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy,
    })
    const allow = (actions: readonly string[], ...resources: readonly string[]): PolicyStatement =>
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...actions],
        resources: [...resources],
      })
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Registry: new PolicyDocument({
          statements: [
            allow(TABLE_ACTIONS, props.table.tableArn),
            allow(OBJECT_ACTIONS, props.bucket.arnForObjects('*')),
            allow(BUCKET_ACTIONS, props.bucket.bucketArn),
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
          ],
        }),
      },
    })
    const { directory } = bundle(ENTRY)
    this.function = new LambdaFunction(this, 'Function', {
      description: 'OCI distribution API',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(directory),
      handler: `${BUNDLE_NAME}.handler`,
      memorySize: props.memorySizeMb,
      timeout: TIMEOUT,
      role,
      logGroup,
      environment: {
        TABLE_NAME: props.table.tableName,
        BUCKET_NAME: props.bucket.bucketName,
        CREATE_PROJECTS_ON_PUSH: String(props.createProjectsOnPush),
        ALLOW_SPARSE: String(props.allowSparse),
        NODE_OPTIONS: '--enable-source-maps',
      },
    })
    // The function took a copy into the cloud assembly.
    rmSync(directory, { recursive: true })
  }
}
