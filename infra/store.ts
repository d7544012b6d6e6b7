import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '../shared/table.ts'
import type { BlobBucket } from './props.ts'

/** Far longer than any upload may rest, so that only what was lost sight of is dropped. */
const LOST_UPLOAD = Duration.days(7)

export type StoreProps = {
  /** Of the table and the bucket. */
  readonly removalPolicy: RemovalPolicy
  /** One that is there already, instead of one of the registry's own. */
  readonly bucket: BlobBucket | undefined
  /** Of the table and of a bucket of the registry's own. */
  readonly encryptionKey: IKey | undefined
}

/** The table and the bucket: all that the registry knows. Their logical ids must not change, or an upgrade loses them. */
export class Store extends Construct {
  readonly table: Table
  readonly bucket: BlobBucket

  constructor(scope: Construct, id: string, props: StoreProps) {
    super(scope, id)
    const { encryptionKey, removalPolicy } = props
    this.table = new Table(this, 'Table', {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: TTL_ATTRIBUTE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
      ...(encryptionKey !== undefined && {
        encryption: TableEncryption.CUSTOMER_MANAGED,
        encryptionKey,
      }),
    })
    this.bucket = props.bucket ?? this.ownBucket(props)
  }

  private ownBucket({ encryptionKey, removalPolicy }: StoreProps): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: 'lost-uploads', abortIncompleteMultipartUploadAfter: LOST_UPLOAD }],
      removalPolicy,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    })
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'The audit log of the registry says who pulled and pushed what; S3 would say only that its functions did.',
    })
    return bucket
  }
}
