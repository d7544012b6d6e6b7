import { RemovalPolicy, Tags } from 'aws-cdk-lib'
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { RegistryFunction } from './registry-function.ts'
import { Store } from './store.ts'

const DEFAULT_MEMORY_MB = 1024

export type RoadsteadProps = {
  /**
   * Who may use the registry. There is no access control yet: everyone who learns the URL can pull and push, so the
   * only answer is `everyone`, and it must be given.
   */
  readonly access: 'everyone'
  /**
   * Whether a push to a project that does not exist makes it.
   * @default true
   */
  readonly createProjectsOnPush?: boolean
  /**
   * Whether a manifest may refer to blobs and manifests that are not there.
   * @default false
   */
  readonly allowSparse?: boolean
  /**
   * Memory of the function; its share of a processor grows with it.
   * @default 1024
   */
  readonly memorySizeMb?: number
  /**
   * What becomes of the table, the bucket and the logs when the stack is deleted. `RETAIN` also protects the table from
   * deletion.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy
  /**
   * Tags of the HTTP API alone.
   * @default none
   */
  readonly apiTags?: Readonly<Record<string, string>>
}

/** A registry: an HTTP API in front of one function, on one table and one bucket. Idle, it costs only its storage. */
export class Roadstead extends Construct {
  readonly api: HttpApi
  readonly table: Table
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, props: RoadsteadProps) {
    super(scope, id)
    const {
      allowSparse = false,
      apiTags = {},
      createProjectsOnPush = true,
      memorySizeMb = DEFAULT_MEMORY_MB,
      removalPolicy = RemovalPolicy.RETAIN,
    } = props
    const { bucket, table } = new Store(this, 'Store', { removalPolicy })
    const registry = new RegistryFunction(this, 'Registry', {
      table,
      bucket,
      allowSparse,
      createProjectsOnPush,
      memorySizeMb,
      removalPolicy,
    })
    this.table = table
    this.bucket = bucket
    // The `$default` stage serves at the root, where clients look for /v2/.
    this.api = new HttpApi(this, 'Api', {
      description: 'Roadstead',
      defaultIntegration: new HttpLambdaIntegration('Registry', registry.function),
    })
    for (const [name, value] of Object.entries(apiTags)) Tags.of(this.api).add(name, value)
  }
}
