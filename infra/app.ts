/**
 * `cdk deploy`, or `npm run deploy`. Context, all of it optional:
 *
 * ```
 * stackName=Roadstead            another name gives another registry
 * domain=registry.example.com    a name of its own, with
 * certificate=ARN                its certificate and
 * hostedZone=example.com         the zone to write names into that are in it, which needs the account and the region to be known
 * relayDomain=push.example.com   a name for the relay, which takes layers of any size, with
 * relayCertificate=ARN           its certificate; without a name there is no relay
 * relayVpc=vpc-1234              a VPC for it instead of one of its own, which needs the account and the region, too
 * distributionPublicKey=FILE     a public key in PEM: blobs are read by way of CloudFront, by URLs signed with
 * distributionPrivateKey=ARN     the private key in this secret
 * externalUrl=https://...        by which clients come when something of yours stands before it
 * bucket=NAME                    a bucket that is there already
 * encryptionKey=ARN              a KMS key for what is kept
 * createProjectsOnPush=true      a push makes its project, for who may make projects
 * allowSparse=true               manifests may refer to what is not there
 * gcGraceSeconds=3600            garbage is left alone no longer than this
 * disposable=true                deleting the stack deletes what it keeps, but a bucket that is not empty
 * cliCredentials=true            deploys with your credentials alone, not with the roles that bootstrapping made
 * apiTag=name=value              a tag of the HTTP API
 * ```
 */
import { readFileSync } from 'node:fs'
import {
  App,
  CfnOutput,
  CliCredentialsStackSynthesizer,
  Duration,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Vpc } from 'aws-cdk-lib/aws-ec2'
import { Key } from 'aws-cdk-lib/aws-kms'
import { HostedZone } from 'aws-cdk-lib/aws-route53'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { readContext, type Context } from './context.ts'
import { Roadstead, type CustomDomain, type RelayProps, type RoadsteadProps } from './roadstead.ts'

/** By its name alone: the class has optional properties that are wider than those of its own interface. */
const synthesizerFor = ({ cliCredentials }: Context): Readonly<Record<string, object>> =>
  cliCredentials ? { synthesizer: new CliCredentialsStackSynthesizer() } : {}

/** @throws Error that begins with the name of what is wrong */
const readFile = (name: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`${name}: ${path} cannot be read`, { cause: error })
  }
}

const main = (): void => {
  const app = new App()
  const context = readContext((name) => app.node.tryGetContext(name))

  const stack = new Stack(app, context.stackName, {
    description: 'Roadstead, a registry for container images, Helm charts and OCI artifacts',
    ...synthesizerFor(context),
    // Zones and networks are looked up, which needs both.
    ...((context.hostedZone ?? context.relayVpc) !== undefined && {
      env: {
        account: process.env['CDK_DEFAULT_ACCOUNT'] ?? '',
        region: process.env['CDK_DEFAULT_REGION'] ?? '',
      },
    }),
  })

  const { hostedZone } = context
  const zone =
    hostedZone === undefined
      ? undefined
      : HostedZone.fromLookup(stack, 'Zone', { domainName: hostedZone })
  const isInZone = (name: string): boolean =>
    name === hostedZone || name.endsWith(`.${hostedZone ?? ''}`)
  const domainOf = (
    id: string,
    name: string | undefined,
    certificate: string | undefined,
  ): CustomDomain | undefined =>
    name === undefined || certificate === undefined
      ? undefined
      : {
          name,
          certificate: Certificate.fromCertificateArn(stack, id, certificate),
          ...(zone !== undefined && isInZone(name) && { hostedZone: zone }),
        }
  const relayOf = (domain: CustomDomain | undefined): RelayProps | undefined =>
    domain && {
      domain,
      ...(context.relayVpc !== undefined && {
        vpc: Vpc.fromLookup(stack, 'RelayVpc', { vpcId: context.relayVpc }),
      }),
    }

  const { bucket, distributionPrivateKey, distributionPublicKey, encryptionKey } = context
  const named = domainOf('Certificate', context.domain, context.certificate)
  const relay = relayOf(domainOf('RelayCertificate', context.relayDomain, context.relayCertificate))
  const props: RoadsteadProps = {
    ...(named !== undefined && { domain: named }),
    ...(relay !== undefined && { relay }),
    ...(distributionPublicKey !== undefined &&
      distributionPrivateKey !== undefined && {
        distribution: {
          publicKey: readFile('distributionPublicKey', distributionPublicKey),
          privateKey: Secret.fromSecretCompleteArn(stack, 'BlobKey', distributionPrivateKey),
        },
      }),
    ...(context.externalUrl !== undefined && { externalUrl: context.externalUrl }),
    ...(bucket !== undefined && { bucket: Bucket.fromBucketName(stack, 'Bucket', bucket) }),
    ...(encryptionKey !== undefined && {
      encryptionKey: Key.fromKeyArn(stack, 'Key', encryptionKey),
    }),
    ...(context.gcGraceSeconds !== undefined && {
      gcGrace: Duration.seconds(context.gcGraceSeconds),
    }),
    ...(context.disposable && { removalPolicy: RemovalPolicy.DESTROY }),
    createProjectsOnPush: context.createProjectsOnPush,
    allowSparse: context.allowSparse,
    apiTags: context.apiTag,
  }
  const roadstead = new Roadstead(stack, 'Roadstead', props)

  const output = (id: string, value: string, description?: string): void => {
    new CfnOutput(stack, id, { value, ...(description !== undefined && { description }) })
  }
  output('RegistryUrl', roadstead.url, 'Its host is the first part of every image name')
  output(
    'FirstPasswordCommand',
    roadstead.firstPasswordCommand,
    'Writes the first password of the user admin',
  )
  output(
    'LoginCommand',
    `${roadstead.firstPasswordCommand} | docker login -u admin --password-stdin ${roadstead.host}`,
  )
  if (roadstead.relay !== undefined) {
    output('RelayUrl', roadstead.relay.url, 'Takes layers of any size; pulls go by RegistryUrl')
    output('RelayBalancer', roadstead.relay.balancerName, 'What the name of the relay points to')
  }
  output('ApiId', roadstead.api.apiId)
  output('TableName', roadstead.table.tableName)
  output('BucketName', roadstead.bucket.bucketName)
}

try {
  main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
