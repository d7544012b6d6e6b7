import { Duration, Stack, Validations } from 'aws-cdk-lib'
import {
  AccessLevel,
  AllowedMethods,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  HttpVersion,
  KeyGroup,
  PublicKey,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import { ARecord, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets'
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { SECRET_ACTIONS, UNSEAL_ACTIONS } from './actions.ts'
import type { Permission } from './own-role.ts'
import type { BlobBucket, DistributionProps } from './props.ts'

/** What is under a key never changes, and no key is used twice. */
const KEPT = Duration.days(365)

/** CloudFront before the bucket: it alone may read there, and answers nobody whose URL the registry has not signed. */
export class BlobDistribution extends Construct {
  /** What whoever signs has to know. */
  readonly environment: Readonly<Record<string, string>>
  /** What whoever signs has to be allowed. */
  readonly permissions: readonly Permission[]

  constructor(scope: Construct, id: string, props: DistributionProps & { bucket: BlobBucket }) {
    super(scope, id)
    const { domain, privateKey } = props
    const key = new PublicKey(this, 'PublicKey', { encodedKey: props.publicKey })
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Blobs of Roadstead, ${Stack.of(this).stackName}`,
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(domain !== undefined && {
        domainNames: [domain.name],
        certificate: domain.certificate,
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.policed(props.bucket), {
          // With LIST S3 answers 404 for an absent key, not 403.
          originAccessLevels: [AccessLevel.READ, AccessLevel.LIST],
        }),
        trustedKeyGroups: [new KeyGroup(this, 'Keys', { items: [key] })],
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        // Bytes are what their digest says.
        compress: false,
        cachePolicy: new CachePolicy(this, 'Caching', {
          comment: 'By key and content type',
          queryStringBehavior: CacheQueryStringBehavior.allowList('response-content-type'),
          defaultTtl: KEPT,
          maxTtl: KEPT,
        }),
      },
    })
    this.acknowledge(distribution, domain === undefined)
    const host = domain?.name ?? distribution.distributionDomainName
    this.environment = {
      BLOBS_URL: `https://${host}`,
      BLOBS_KEY_ID: key.publicKeyId,
      BLOBS_KEY_SECRET: privateKey.secretArn,
    }
    this.permissions = [
      { actions: SECRET_ACTIONS, resource: privateKey.secretArn },
      ...(privateKey.encryptionKey === undefined
        ? []
        : [{ actions: UNSEAL_ACTIONS, resource: privateKey.encryptionKey.keyArn }]),
    ]
    if (domain?.hostedZone === undefined) return
    new ARecord(this, 'Record', {
      zone: domain.hostedZone,
      recordName: `${domain.name}.`,
      target: RecordTarget.fromAlias(new CloudFrontTarget(distribution)),
    })
  }

  /** A bucket whose policy can be added to; where it cannot, the CDK warns that somebody has to. */
  private policed(bucket: BlobBucket): IBucket {
    if (hasPolicy(bucket)) return bucket
    return Bucket.fromBucketName(this, 'Bucket', bucket.bucketName)
  }

  private acknowledge(distribution: Distribution, isUnnamed: boolean): void {
    const reasons = {
      CFR1: 'Who may pull, and from where, is for the registry to say.',
      CFR2: 'Nothing but signed URLs of single objects gets through.',
      CFR3: 'The audit log of the registry says who pulled what.',
      ...(isUnnamed && { CFR4: 'The name of CloudFront has the certificate of CloudFront.' }),
    }
    for (const [rule, reason] of Object.entries(reasons)) {
      Validations.of(distribution).acknowledge({ id: `AwsSolutions-${rule}`, reason })
    }
  }
}

const hasPolicy = (bucket: BlobBucket): bucket is IBucket => 'addToResourcePolicy' in bucket
