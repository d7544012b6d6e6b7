/** What a deployment consists of; emulators ignore some of it in silence, so it is asserted here. */
import { RemovalPolicy } from 'aws-cdk-lib'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { BUCKET_ACTIONS, OBJECT_ACTIONS, TABLE_ACTIONS } from '../../infra/registry-function.ts'
import { templateOf } from './stack.ts'

const template = templateOf()

describe('the table', () => {
  it('is billed by use, has the keys of the code, and drops items by their ttl', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    })
  })

  it('can be restored to any second, and is not deleted with the stack', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    })
  })
})

describe('the bucket', () => {
  it('is encrypted, closed to the public, and not deleted with the stack', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      },
    })
  })

  it('drops uploads that everybody lost sight of', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            Status: 'Enabled',
          }),
        ],
      },
    })
  })

  it('refuses every request that is not encrypted on its way', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            Effect: 'Deny',
            Principal: { AWS: '*' },
          }),
        ],
      },
    })
  })
})

describe('the function', () => {
  it('may do what its code does, to its own table, bucket and logs, and nothing else', () => {
    template.resourceCountIs('AWS::IAM::Policy', 0)
    template.resourceCountIs('AWS::IAM::ManagedPolicy', 0)
    const role = Object.values(template.findResources('AWS::IAM::Role'))
    expect(role).toHaveLength(1)
    expect(role[0]?.['Properties']).not.toHaveProperty('ManagedPolicyArns')
    const table = arnOf('AWS::DynamoDB::Table')
    const bucket = arnOf('AWS::S3::Bucket')
    const logs = arnOf('AWS::Logs::LogGroup')
    template.hasResourceProperties('AWS::IAM::Role', {
      Policies: [
        {
          PolicyDocument: {
            Statement: [
              { Action: TABLE_ACTIONS, Effect: 'Allow', Resource: table },
              {
                Action: OBJECT_ACTIONS,
                Effect: 'Allow',
                Resource: { 'Fn::Join': ['', [bucket, '/*']] },
              },
              { Action: BUCKET_ACTIONS, Effect: 'Allow', Resource: bucket },
              {
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Effect: 'Allow',
                Resource: logs,
              },
            ],
          },
        },
      ],
    })
    const actions = [...TABLE_ACTIONS, ...OBJECT_ACTIONS, ...BUCKET_ACTIONS]
    expect(actions.filter((action) => action.includes('*'))).toEqual([])
  })

  it('runs Node 24 on ARM and gives up before its caller does', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Timeout: 29,
    })
  })

  it('keeps its logs for a month', () => {
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 })
  })
})

describe('the API', () => {
  it('serves every path and method at the root, from the function', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' })
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AutoDeploy: true,
      StageName: '$default',
    })
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default' })
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
    })
  })
})

describe('a disposable registry', () => {
  it('goes with its stack', () => {
    const disposable = templateOf({ removalPolicy: RemovalPolicy.DESTROY })
    disposable.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' })
    disposable.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    })
  })
})

/** How the template says the ARN of its only resource of a type. */
const arnOf = (type: string): object => {
  const [logicalId = ''] = Object.keys(template.findResources(type))
  return { 'Fn::GetAtt': [logicalId, 'Arn'] }
}
