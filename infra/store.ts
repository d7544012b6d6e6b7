import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '../shared/table.ts'

/** Far longer than any upload may rest, so that only what was lost sight of is dropped. */
const LOST_UPLOAD = Duration.days(7)

export type StoreProps = {
  /** Of the table and the bucket. */
  readonly removalPolicy: RemovalPolicy
}

/** The table and the bucket: all that the registry knows. */
export class Store extends Construct {
  readonly table: Table
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, { removalPolicy }: StoreProps) {
    super(scope, id)
    this.table = new Table(this, 'Table', {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: TTL_ATTRIBUTE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    })
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: 'lost-uploads', abortIncompleteMultipartUploadAfter: LOST_UPLOAD }],
      removalPolicy,
    })
  }
}
