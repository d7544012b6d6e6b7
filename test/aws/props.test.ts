/** A stack that cannot be is refused before anything is deployed, by the name of the property. */
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { PublicHostedZone } from 'aws-cdk-lib/aws-route53'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Duration, type Stack } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { readContext } from '../../infra/context.ts'
import type { CustomDomain, RelayProps, RoadsteadProps } from '../../infra/roadstead.ts'
import { templateOf } from './stack.ts'

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0'

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

describe('properties', () => {
  const REFUSED: readonly (readonly [string, (stack: Stack) => RoadsteadProps])[] = [
    ['domain.name', (stack) => ({ domain: domainOf(stack, 'https://example.com') })],
    ['domain.name', (stack) => ({ domain: domainOf(stack, 'localhost') })],
    ['domain.certificate', () => ({ domain: { name: 'a.example.com' } as CustomDomain })],
    ['domain.hostedZone', (stack) => ({ domain: domainOf(stack, 'a.example.com', 'example.org') })],
    [
      'domain.hostedZone',
      (stack) => ({ domain: domainOf(stack, 'badexample.com', 'example.com') }),
    ],
    [
      'externalUrl',
      (stack) => ({
        domain: domainOf(stack, 'a.example.com'),
        externalUrl: 'https://b.example.com',
      }),
    ],
    ['relay.domain', () => ({ relay: {} as RelayProps })],
    ['relay.domain.name', (stack) => ({ relay: { domain: domainOf(stack, 'localhost') } })],
    [
      'relay.domain.name',
      (stack) => {
        const domain = domainOf(stack, 'a.example.com')
        return { domain, relay: { domain } }
      },
    ],
    [
      'relay.desiredCount',
      (stack) => ({ relay: { domain: domainOf(stack, 'a.example.com'), desiredCount: 0 } }),
    ],
    ['externalUrl', () => ({ externalUrl: 'https://example.com/path' })],
    ['externalUrl', () => ({ externalUrl: 'example.com' })],
    ['memorySizeMb.api', () => ({ memorySizeMb: { api: 64 } })],
    ['memorySizeMb.worker', () => ({ memorySizeMb: { worker: 20_000 } })],
    [
      'memorySizeMb.gc',
      () => ({ memorySizeMb: { gc: 1024 } as RoadsteadProps['memorySizeMb'] & {} }),
    ],
    ['gcGrace', () => ({ gcGrace: Duration.seconds(0) })],
    ['reservedConcurrency.registry', () => ({ reservedConcurrency: { registry: 0 } })],
    ['reservedConcurrency.api', () => ({ reservedConcurrency: { api: 1.5 } })],
  ]
  it.each(REFUSED)('%s is refused by its name', (name, propsOf) => {
    expect(() => templateOf(propsOf)).toThrow(new RegExp(`^${name}: `))
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
    ['encryptionKey', { encryptionKey: 'alias/mine' }],
    ['bucket', { bucket: '' }],
    ['apiTag', { apiTag: 'name' }],
  ])('%s is refused by its name: %j', (name, context) => {
    expect(() => read(context)).toThrow(new RegExp(`^${name}: `))
  })
})
