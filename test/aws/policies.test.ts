/** What each role of the stack may do, action by action. Nothing of it is in a list that the code shares with the stack. */
import { AwsSolutionsChecks } from 'cdk-nag'
import { Key } from 'aws-cdk-lib/aws-kms'
import { describe, expect, it } from 'vitest'
import { templateOf, withStack } from './stack.ts'

const template = templateOf()

const idOf = (type: string, part = ''): string => {
  const found = Object.keys(template.findResources(type)).filter((id) => id.includes(part))
  expect(found, `${type} ${part}`).toHaveLength(1)
  return found[0] ?? ''
}
const arnOf = (type: string, part = ''): object => ({ 'Fn::GetAtt': [idOf(type, part), 'Arn'] })

const table = arnOf('AWS::DynamoDB::Table')
const bucket = arnOf('AWS::S3::Bucket')
const objects = { 'Fn::Join': ['', [bucket, '/*']] }
const messages = arnOf('AWS::SQS::Queue', 'Messages')
const machine = {
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':states:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':stateMachine:TestRoadsteadCollection52AC29AF',
    ],
  ],
}
const secret = { Ref: idOf('AWS::SecretsManager::Secret') }

const READ_AND_WRITE = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
]

type Allowed = readonly (readonly [
  actions: string | readonly string[],
  resource: object | string,
])[]

const logsOf = (name: string): Allowed => [
  [
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    arnOf('AWS::Logs::LogGroup', `Roadstead${name}Logs`),
  ],
]

const ROLES: Readonly<Record<string, Allowed>> = {
  Registry: [
    [READ_AND_WRITE, table],
    [['s3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'], objects],
    ['s3:ListBucket', bucket],
    ['secretsmanager:GetSecretValue', secret],
    ['sqs:SendMessage', messages],
    ...logsOf('Registry'),
  ],
  Management: [
    [READ_AND_WRITE, table],
    [['s3:GetObject', 's3:PutObject'], objects],
    ['s3:ListBucket', bucket],
    ['secretsmanager:GetSecretValue', secret],
    ['sqs:SendMessage', messages],
    ['states:StartExecution', machine],
    ...logsOf('Management'),
  ],
  Worker: [
    [[...READ_AND_WRITE, 'dynamodb:Scan'].sort(), table],
    [['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject'], objects],
    [['s3:ListBucket', 's3:ListBucketMultipartUploads'], bucket],
    [
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
      messages,
    ],
    ['states:StartExecution', machine],
    ...logsOf('Worker'),
  ],
  Collection: [
    ['lambda:InvokeFunction', arnOf('AWS::Lambda::Function', 'RoadsteadWorker')],
    [
      [
        'logs:CreateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
        'logs:GetLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:UpdateLogDelivery',
      ],
      '*',
    ],
  ],
  Work: [['lambda:InvokeFunction', arnOf('AWS::Lambda::Function', 'RoadsteadWorker')]],
}

/** Whose roles they are, those of functions aside. */
const SERVICES: Readonly<Record<string, string>> = { Work: 'scheduler', Collection: 'states' }

describe('roles', () => {
  it.each(Object.entries(ROLES))('%s may do this and nothing else', (name, allowed) => {
    const role =
      template.findResources('AWS::IAM::Role')[idOf('AWS::IAM::Role', `Roadstead${name}R`)]
    expect(role?.['Properties']).toEqual({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: {
              Service: `${SERVICES[name] ?? 'lambda'}.amazonaws.com`,
            },
          },
        ],
        Version: '2012-10-17',
      },
      Policies: [
        {
          PolicyName: 'Own',
          PolicyDocument: {
            Statement: allowed.map(([Action, Resource]) => ({ Action, Effect: 'Allow', Resource })),
            Version: '2012-10-17',
          },
        },
      ],
    })
  })

  it('there are no others, and no policies besides', () => {
    template.resourceCountIs('AWS::IAM::Role', Object.keys(ROLES).length)
    template.resourceCountIs('AWS::IAM::Policy', 0)
    template.resourceCountIs('AWS::IAM::ManagedPolicy', 0)
  })

  it('use a key of ones own where there is one, and it encrypts everything that is kept', () => {
    const arn = 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'
    const keyed = templateOf((stack) => ({ encryptionKey: Key.fromKeyArn(stack, 'Key', arn) }))
    const roles = Object.values(keyed.findResources('AWS::IAM::Role'))
    const using = roles.filter((role) => JSON.stringify(role).includes('kms:Decrypt'))
    expect(using).toHaveLength(3)
    expect(JSON.stringify(using)).not.toContain('kms:*')
    keyed.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { KMSMasterKeyId: arn, SSEEnabled: true, SSEType: 'KMS' },
    })
    keyed.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: arn })
    keyed.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: arn })
    keyed.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { KMSMasterKeyID: arn, SSEAlgorithm: 'aws:kms' } },
        ],
      },
    })
  })
})

describe('the rules of AWS Solutions', () => {
  it('are kept, but for what is acknowledged with its reason', () => {
    const violations = withStack(
      () => ({}),
      (_stack, app) => new AwsSolutionsChecks(app).validateScope(app).violations,
    )
    expect(
      violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        violatingResources.map(({ constructPath }) => constructPath),
      ]),
    ).toEqual([])
  })
})
