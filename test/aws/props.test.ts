/** A stack that cannot be is refused before anything is deployed, by the name of the property. */
import { CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Vpc } from 'aws-cdk-lib/aws-ec2'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { PublicHostedZone } from 'aws-cdk-lib/aws-route53'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { describe, expect, it } from 'vitest'
import { readContext } from '../../infra/context.ts'
import type { CustomDomain, RoadsteadProps } from '../../infra/roadstead.ts'
import { templateOf } from './stack.ts'

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0'

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:blobs'

const domainOf = (stack: Stack, name: string, zone?: string): CustomDomain => ({
  name,
  certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
  ...(zone !== undefined && {
    hostedZone: PublicHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z1',
      zoneName: zone,
    }),
  }),
})

/** Callers without types pass anything. */
const untyped = (props: Readonly<Record<string, unknown>>): RoadsteadProps => props

const relayWith =
  (more: Readonly<Record<string, unknown>>) =>
  (stack: Stack): RoadsteadProps =>
    untyped({ relay: { domain: domainOf(stack, 'push.example.com'), ...more } })

const domainWith =
  (more: Readonly<Record<string, unknown>>) =>
  (stack: Stack): RoadsteadProps =>
    untyped({ domain: { ...domainOf(stack, 'r.example.com'), ...more } })

const domainExternalUrl = (stack: Stack): RoadsteadProps => ({
  domain: domainOf(stack, 'a.example.com'),
  externalUrl: 'https://b.example.com',
})

const vpcOf = (stack: Stack, publicSubnetIds: string[]) =>
  Vpc.fromVpcAttributes(stack, 'Vpc', {
    ...{ vpcId: 'vpc-1', availabilityZones: ['a'], publicSubnetIds },
  })

const START = Schedule.cron({ hour: '6', minute: '0' })

describe('properties', () => {
  const REFUSED: readonly (readonly [string, (stack: Stack) => RoadsteadProps])[] = [
    ['domian', () => untyped({ domian: {} })],
    ['domain', () => untyped({ domain: 'r.example.com' })],
    ['domain.name', (stack) => ({ domain: domainOf(stack, 'https://example.com') })],
    ['domain.name', (stack) => ({ domain: domainOf(stack, 'localhost') })],
    ['domain.name', domainWith({ name: undefined })],
    ['domain.certificate', domainWith({ certificate: undefined })],
    ['domain.certificate', domainWith({ certificate: CERTIFICATE })],
    ['domain.hostedZone', domainWith({ hostedZone: 'example.com' })],
    ['domain.hostedZone', (stack) => ({ domain: domainOf(stack, 'a.example.com', 'example.org') })],
    [
      'domain.hostedZone',
      (stack) => ({ domain: domainOf(stack, 'badexample.com', 'example.com') }),
    ],
    ['domain.zone', domainWith({ zone: 'example.com' })],
    ['externalUrl', domainExternalUrl],
    ['externalUrl', () => ({ externalUrl: 'https://example.com/path' })],
    ['externalUrl', () => ({ externalUrl: 'example.com' })],
    ['externalUrl', () => untyped({ externalUrl: new URL('https://example.com') })],
    ['bucket', () => untyped({ bucket: 'blobs' })],
    ['bucket', () => untyped({ bucket: { bucketName: 'blobs', bucketArn: 'arn:aws:s3:::blobs' } })],
    ['encryptionKey', () => untyped({ encryptionKey: 'arn:aws:kms:eu-central-1:1:key/0' })],
    ['removalPolicy', () => ({ removalPolicy: RemovalPolicy.SNAPSHOT })],
    ['removalPolicy', () => untyped({ removalPolicy: 'DESTROY' })],
    ['createProjectsOnPush', () => untyped({ createProjectsOnPush: 'no' })],
    ['allowSparse', () => untyped({ allowSparse: 1 })],
    ['memorySizeMb', () => untyped({ memorySizeMb: 512 })],
    ['memorySizeMb.api', () => ({ memorySizeMb: { api: 64 } })],
    ['memorySizeMb.worker', () => ({ memorySizeMb: { worker: 20_000 } })],
    ['memorySizeMb.registry', () => untyped({ memorySizeMb: { registry: '512' } })],
    ['memorySizeMb.gc', () => untyped({ memorySizeMb: { gc: 1024 } })],
    ['reservedConcurrency', () => untyped({ reservedConcurrency: 10 })],
    ['reservedConcurrency.registry', () => ({ reservedConcurrency: { registry: 0 } })],
    ['reservedConcurrency.api', () => ({ reservedConcurrency: { api: 1.5 } })],
    ['logRetention', () => untyped({ logRetention: 42 })],
    ['logRetention', () => untyped({ logRetention: 'ONE_WEEK' })],
    ['alarmTopic', () => untyped({ alarmTopic: 'arn:aws:sns:eu-central-1:1:alarms' })],
    ['relay', () => untyped({ relay: true })],
    ['relay.domain', () => untyped({ relay: {} })],
    ['relay.domain.name', (stack) => ({ relay: { domain: domainOf(stack, 'localhost') } })],
    [
      'relay.domain.name',
      (stack) => {
        const domain = domainOf(stack, 'a.example.com')
        return { domain, relay: { domain } }
      },
    ],
    ['relay.size', relayWith({ size: 1 })],
    ['relay.vpc', relayWith({ vpc: 'vpc-1' })],
    ['relay.vpc', (stack) => relayWith({ vpc: vpcOf(stack, []) })(stack)],
    ['relay.vpc', (stack) => relayWith({ vpc: vpcOf(stack, ['subnet-1']) })(stack)],
    ['relay.desiredCount', relayWith({ desiredCount: 0 })],
    ['relay.cpu', relayWith({ cpu: 0.5 })],
    ['relay.cpu', relayWith({ cpu: 768 })],
    ['relay.memoryMb', relayWith({ memoryMb: 512 })],
    ['relay.memoryMb', relayWith({ cpu: 256, memoryMb: 1536 })],
    ['relay.memoryMb', relayWith({ cpu: 4096, memoryMb: 8193 })],
    ['relay.memoryMb', relayWith({ cpu: 1024 })],
    ['relay.hours', relayWith({ hours: 'working' })],
    ['relay.hours.start', relayWith({ hours: { stop: START } })],
    ['relay.hours.stop', relayWith({ hours: { start: START } })],
    ['relay.hours.stop', relayWith({ hours: { start: START, stop: '18:00' } })],
    ['relay.hours.timeZone', relayWith({ hours: { start: START, stop: START, timeZone: 'CET' } })],
    ['relay.hours.end', relayWith({ hours: { start: START, stop: START, end: START } })],
    ['distribution', () => untyped({ distribution: true })],
    ['apiTags', () => untyped({ apiTags: 'a=b' })],
    ['apiTags', () => ({ apiTags: { 'aws:name': 'mine' } })],
    ['apiTags.name', () => untyped({ apiTags: { name: 1 } })],
    ['apiTags.name', () => ({ apiTags: { name: 'x'.repeat(257) } })],
    ['gcGrace', () => ({ gcGrace: Duration.millis(500) })],
    ['gcGrace', () => ({ gcGrace: Duration.seconds(0) })],
    ['gcGrace', () => untyped({ gcGrace: 60 })],
  ]
  it.each(REFUSED)('%s is refused by its name', (name, propsOf) => {
    expect(() => templateOf(propsOf)).toThrow(new RegExp(`^${name}: `))
  })

  it('are all of them looked at, and all of them named to who misspells one', () => {
    const refused = new Set(REFUSED.map(([name]) => name.split('.')[0]))
    const all = (
      [
        ...['domain', 'externalUrl', 'bucket', 'encryptionKey', 'removalPolicy'],
        ...['createProjectsOnPush', 'allowSparse', 'memorySizeMb', 'reservedConcurrency'],
        ...['logRetention', 'alarmTopic', 'gcGrace', 'relay', 'distribution', 'apiTags'],
      ] as const satisfies readonly (keyof RoadsteadProps)[]
    ).join(', ')
    expect(() => templateOf(() => untyped({ domian: {} }))).toThrow(
      `domian: there is no such thing; there are ${all}`,
    )
    expect(all.split(', ').filter((name) => !refused.has(name))).toEqual([])
  })

  it('may be known only when they are deployed', () => {
    expect(() =>
      templateOf((stack) => ({
        externalUrl: new CfnParameter(stack, 'Url').valueAsString,
        memorySizeMb: {
          worker: new CfnParameter(stack, 'Memory', { type: 'Number' }).valueAsNumber,
        },
        apiTags: { name: new CfnParameter(stack, 'Tag').valueAsString },
      })),
    ).not.toThrow()
  })

  it('give the registry a name of its own, written into its zone', () => {
    const named = templateOf((stack) => ({
      domain: domainOf(stack, 'r.example.com', 'example.com'),
    }))
    named.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'r.example.com',
      DomainNameConfigurations: [{ CertificateArn: CERTIFICATE, EndpointType: 'REGIONAL' }],
    })
    named.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1)
    named.hasResourceProperties('AWS::Route53::RecordSet', { Name: 'r.example.com.', Type: 'A' })
    const unwritten = templateOf((stack) => ({ domain: domainOf(stack, 'r.example.com') }))
    unwritten.resourceCountIs('AWS::Route53::RecordSet', 0)
  })

  it('put blobs into a bucket that is there already, and leave it as it is', () => {
    const template = templateOf((stack) => ({
      bucket: Bucket.fromBucketName(stack, 'Blobs', 'blobs'),
    }))
    template.resourceCountIs('AWS::S3::Bucket', 0)
    template.resourceCountIs('AWS::S3::BucketPolicy', 0)
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { BUCKET_NAME: 'blobs' } },
    })
  })

  it('size each function, keep logs as long as they say, and tell the functions what to do', () => {
    const template = templateOf(() => ({
      memorySizeMb: { worker: 3008 },
      reservedConcurrency: { worker: 2 },
      logRetention: RetentionDays.ONE_WEEK,
      createProjectsOnPush: true,
      allowSparse: true,
      externalUrl: 'https://cdn.example.com',
    }))
    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 3008,
      ReservedConcurrentExecutions: 2,
      Timeout: 900,
    })
    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 1024,
      Environment: {
        Variables: {
          ALLOW_SPARSE: 'true',
          CREATE_PROJECTS_ON_PUSH: 'true',
          EXTERNAL_URL: 'https://cdn.example.com',
        },
      },
    })
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 })
  })
})

describe('the context of the app', () => {
  const read = (context: Readonly<Record<string, unknown>>) => readContext((name) => context[name])

  it('is all optional', () => {
    expect(read({})).toMatchObject({ stackName: 'Roadstead', disposable: false, apiTag: {} })
    expect(read({ apiTag: 'a=b=c' }).apiTag).toEqual({ a: 'b=c' })
  })

  it.each([
    ['stackName', { stackName: '1 stack' }],
    ['disposable', { disposable: 'perhaps' }],
    ['certificate', { domain: 'r.example.com' }],
    ['certificate', { domain: 'r.example.com', certificate: 'arn:aws:iam::1:x' }],
    ['domain', { certificate: CERTIFICATE }],
    ['domain', { hostedZone: 'example.com' }],
    ['relayCertificate', { relayDomain: 'push.example.com' }],
    ['relayDomain', { relayCertificate: CERTIFICATE }],
    ['relayDomain', { relayVpc: 'vpc-1' }],
    ['domain', { domain: 'https://r.example.com', certificate: CERTIFICATE }],
    ['hostedZone', { domain: 'r.example.com', certificate: CERTIFICATE, hostedZone: 'Z1' }],
    ['relayDomain', { relayDomain: 'push', relayCertificate: CERTIFICATE }],
    ['relayVpc', { relayDomain: 'p.example.com', relayCertificate: CERTIFICATE, relayVpc: 'mine' }],
    ['distributionPrivateKey', { distributionPublicKey: 'key.pem' }],
    ['distributionPublicKey', { distributionPrivateKey: `${SECRET}-AbCdEf` }],
    [
      'distributionPrivateKey',
      { distributionPublicKey: 'key.pem', distributionPrivateKey: SECRET },
    ],
    ['externalUrl', { externalUrl: '' }],
    ['createProjectsOnPush', { createProjectsOnPush: 'sometimes' }],
    ['allowSparse', { allowSparse: 'maybe' }],
    ['cliCredentials', { cliCredentials: 'mine' }],
    ['bucket', { bucket: 'arn:aws:s3:::blobs' }],
    ['encryptionKey', { encryptionKey: 'alias/mine' }],
    ['bucket', { bucket: '' }],
    ['apiTag', { apiTag: 'name' }],
  ])('%s is refused by its name: %j', (name, context) => {
    expect(() => read(context)).toThrow(new RegExp(`^${name}: `))
  })
})
