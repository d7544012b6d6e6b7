/** What stands before the bucket where a distribution is asked for: no emulator has one that keeps anybody out. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { Stack } from 'aws-cdk-lib'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Key } from 'aws-cdk-lib/aws-kms'
import { PublicHostedZone } from 'aws-cdk-lib/aws-route53'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { describe, expect, it } from 'vitest'
import type { DistributionProps, RoadsteadProps } from '../../infra/roadstead.ts'
import { templateOf, withStack } from './stack.ts'

const HOST = 'blobs.example.com'
const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0'
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:blobs-AbCdEf'
/** A public key in PEM, and its private one. */
const pairOf = (bits: number): { readonly publicKey: string; readonly privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const { publicKey, privateKey: notPublic } = pairOf(2048)

const distributionOf = (stack: Stack): DistributionProps => ({
  publicKey,
  privateKey: Secret.fromSecretCompleteArn(stack, 'BlobKey', SECRET),
})

const named = (stack: Stack): DistributionProps => ({
  ...distributionOf(stack),
  domain: {
    name: HOST,
    certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
    hostedZone: PublicHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      ...{ hostedZoneId: 'Z1', zoneName: 'example.com' },
    }),
  },
})

const template = templateOf((stack) => ({ distribution: distributionOf(stack) }))

const idOf = (type: string, of: Template = template): string => {
  const found = Object.keys(of.findResources(type))
  expect(found, type).toHaveLength(1)
  return found[0] ?? ''
}

const ARN = {
  'Fn::Join': [
    '',
    [
      ...['arn:', { Ref: 'AWS::Partition' }, ':cloudfront::', { Ref: 'AWS::AccountId' }],
      ...[':distribution/', { Ref: idOf('AWS::CloudFront::Distribution') }],
    ],
  ],
}

describe('a distribution before the bucket', () => {
  it('answers signed URLs alone, by TLS alone, and changes no byte', () => {
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        Enabled: true,
        HttpVersion: 'http2and3',
        DefaultCacheBehavior: {
          AllowedMethods: ['GET', 'HEAD'],
          CachePolicyId: { Ref: idOf('AWS::CloudFront::CachePolicy') },
          Compress: false,
          TrustedKeyGroups: [{ Ref: idOf('AWS::CloudFront::KeyGroup') }],
          ViewerProtocolPolicy: 'https-only',
        },
        CacheBehaviors: Match.absent(),
      },
    })
    template.hasResourceProperties('AWS::CloudFront::KeyGroup', {
      KeyGroupConfig: { Items: [{ Ref: idOf('AWS::CloudFront::PublicKey') }] },
    })
    template.hasResourceProperties('AWS::CloudFront::PublicKey', {
      PublicKeyConfig: { EncodedKey: publicKey },
    })
  })

  it('keeps what it was asked for by key and content type, and asks the bucket for nothing else', () => {
    const keyed = { CookiesConfig: { CookieBehavior: 'none' } }
    template.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: {
        DefaultTTL: 31_536_000,
        ParametersInCacheKeyAndForwardedToOrigin: {
          ...keyed,
          HeadersConfig: { HeaderBehavior: 'none' },
          QueryStringsConfig: {
            QueryStringBehavior: 'whitelist',
            QueryStrings: ['response-content-type'],
          },
          EnableAcceptEncodingBrotli: false,
          EnableAcceptEncodingGzip: false,
        },
      },
    })
    template.resourceCountIs('AWS::CloudFront::OriginRequestPolicy', 0)
  })

  it('is let into the bucket as itself, to read and to tell what is not there', () => {
    template.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: {
        OriginAccessControlOriginType: 's3',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    })
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        Origins: [
          Match.objectLike({
            OriginAccessControlId: {
              'Fn::GetAtt': [idOf('AWS::CloudFront::OriginAccessControl'), 'Id'],
            },
            S3OriginConfig: { OriginAccessIdentity: '' },
          }),
        ],
      },
    })
    const bucket = { 'Fn::GetAtt': [idOf('AWS::S3::Bucket'), 'Arn'] }
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny' }),
          {
            Action: ['s3:GetObject', 's3:ListBucket'],
            Condition: { StringEquals: { 'AWS:SourceArn': ARN } },
            Effect: 'Allow',
            Principal: { Service: 'cloudfront.amazonaws.com' },
            Resource: [{ 'Fn::Join': ['', [bucket, '/*']] }, bucket],
          },
        ],
      },
    })
  })

  it('is known to who answers pulls, with the key to sign by, and to nobody else', () => {
    const told = {
      BLOBS_URL: {
        'Fn::Join': [
          '',
          ['https://', { 'Fn::GetAtt': [idOf('AWS::CloudFront::Distribution'), 'DomainName'] }],
        ],
      },
      BLOBS_KEY_ID: { Ref: idOf('AWS::CloudFront::PublicKey') },
      BLOBS_KEY_SECRET: SECRET,
    }
    const functions = template.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: told } },
    })
    expect(Object.keys(functions)).toEqual([expect.stringContaining('RoadsteadRegistry')])
    const roles = Object.entries(template.findResources('AWS::IAM::Role'))
    const reading = roles.filter(([, role]) => JSON.stringify(role).includes(SECRET))
    expect(reading.map(([id]) => id)).toEqual([expect.stringContaining('RoadsteadRegistry')])
    expect(reading.map(([, role]) => role)).toMatchObject([
      {
        Properties: {
          Policies: [
            {
              PolicyDocument: {
                Statement: expect.arrayContaining([
                  {
                    Action: 'secretsmanager:GetSecretValue',
                    Effect: 'Allow',
                    Resource: SECRET,
                  },
                ]) as unknown,
              },
            },
          ],
        },
      },
    ])
    expect(JSON.stringify(template.toJSON())).not.toContain('PRIVATE KEY')
  })

  it('has a name of its own where it is given one, in its zone', () => {
    const own = templateOf((stack) => ({ distribution: named(stack) }))
    own.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        Aliases: [HOST],
        ViewerCertificate: {
          AcmCertificateArn: CERTIFICATE,
          MinimumProtocolVersion: 'TLSv1.2_2021',
          SslSupportMethod: 'sni-only',
        },
      },
    })
    own.hasResourceProperties('AWS::Route53::RecordSet', { Name: `${HOST}.`, Type: 'A' })
    own.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { BLOBS_URL: `https://${HOST}` } },
    })
  })

  it('stands before a bucket that is there already, whose owner lets it in', () => {
    const given = templateOf((stack) => ({
      bucket: Bucket.fromBucketName(stack, 'Blobs', 'blobs'),
      distribution: distributionOf(stack),
    }))
    given.resourceCountIs('AWS::S3::Bucket', 0)
    given.resourceCountIs('AWS::S3::BucketPolicy', 0)
    given.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: { Origins: [Match.objectLike({ S3OriginConfig: Match.anyValue() })] },
    })
  })

  it('may read what a key of ones own encrypts, and so may the registry the secret', () => {
    const arn = 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'
    const keyed = templateOf((stack) => ({
      encryptionKey: new Key(stack, 'Key'),
      distribution: {
        ...distributionOf(stack),
        privateKey: Secret.fromSecretAttributes(stack, 'Sealed', {
          secretCompleteArn: SECRET,
          encryptionKey: Key.fromKeyArn(stack, 'Sealing', arn),
        }),
      },
    }))
    keyed.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Principal: { Service: 'cloudfront.amazonaws.com' },
          }),
        ]),
      },
    })
    const statement = { Action: 'kms:Decrypt', Effect: 'Allow', Resource: arn }
    expect(JSON.stringify(keyed.findResources('AWS::IAM::Role'))).toContain(
      JSON.stringify(statement),
    )
  })

  it('keeps the rules of AWS Solutions, but for what is acknowledged, named or not', () => {
    for (const propsOf of [distributionOf, named]) {
      const violations = withStack(
        (stack) => ({ distribution: propsOf(stack) }),
        (_stack, app) => new AwsSolutionsChecks(app).validateScope(app).violations,
      )
      expect(violations.map(({ ruleName }) => ruleName)).toEqual([])
    }
  })
})

describe('a registry without a distribution', () => {
  it('has nothing of it', () => {
    const text = JSON.stringify(templateOf().toJSON())
    expect(text).not.toContain('BLOBS_')
    expect(text).not.toContain('CloudFront')
  })
})

describe('a distribution', () => {
  const { publicKey: weak } = pairOf(1024)
  const other = pemOf(generateKeyPairSync('ed25519').publicKey)
  const withMore =
    (more: Readonly<Record<string, unknown>>) =>
    (stack: Stack): RoadsteadProps => ({ distribution: { ...named(stack), ...more } })
  it.each([
    ['distribution', () => ({ distribution: true }) as unknown as RoadsteadProps],
    ['distribution.key', withMore({ key: publicKey })],
    ['distribution.publicKey', withMore({ publicKey: undefined })],
    ['distribution.publicKey', withMore({ publicKey: 'K2JCJMDEHXQW5F' })],
    ['distribution.publicKey', withMore({ publicKey: notPublic })],
    ['distribution.publicKey', withMore({ publicKey: weak })],
    ['distribution.publicKey', withMore({ publicKey: other })],
    ['distribution.privateKey', withMore({ privateKey: SECRET })],
    ['distribution.domain', withMore({ domain: HOST })],
    ['distribution.domain.name', withMore({ domain: { name: 'localhost' } })],
    [
      'distribution.domain.certificate',
      withMore({
        domain: {
          name: HOST,
          certificate: { certificateArn: CERTIFICATE.replace('us-east', 'eu-west') },
        },
      }),
    ],
  ] as const)('%s is refused by its name', (name, propsOf) => {
    expect(() => templateOf(propsOf)).toThrow(new RegExp(`^${name}: `))
  })

  it('takes keys of P-256 as well', () => {
    const curve = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
    expect(() => templateOf(withMore({ publicKey: curve }))).not.toThrow()
  })
})
