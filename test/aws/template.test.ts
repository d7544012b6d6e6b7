/** What a deployment consists of; emulators ignore some of it in silence, so it is asserted here. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Match } from 'aws-cdk-lib/assertions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { describe, expect, it } from 'vitest'
import { parseEvent } from '../../functions/worker/events.ts'
import { MAX_DELIVERIES } from '../../shared/ports.ts'
import { collectionDefinition, MOST_CALLS } from '../../infra/collection/definition.ts'
import { MAX_WORKERS } from '../../shared/gc/parameters.ts'
import { ROUNDS } from '../../shared/gc/steps/look.ts'
import { dealLanes } from '../../shared/gc/steps/stage.ts'
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

describe('the queues', () => {
  it('keep messages for two weeks, encrypted, and set aside what failed five times', () => {
    const [deadLetters] = idsOf(
      'AWS::SQS::Queue',
      ({ RedrivePolicy }) => RedrivePolicy === undefined,
    )
    template.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] },
        maxReceiveCount: MAX_DELIVERIES,
      },
      VisibilityTimeout: 900,
    })
    template.resourceCountIs('AWS::SQS::QueuePolicy', 2)
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            Effect: 'Deny',
          }),
        ],
      },
    })
  })

  it('are worked on one message at a time, each answered for by itself', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })
})

describe('the schedule', () => {
  it('calls the worker every five minutes, and once only', () => {
    const [worker] = idsOf('AWS::Lambda::Function', ({ Timeout }) => Timeout === 900)
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
      Target: {
        Arn: { 'Fn::GetAtt': [worker, 'Arn'] },
        Input: '{"kind":"tick"}',
        RetryPolicy: { MaximumRetryAttempts: 0 },
      },
    })
    expect(parseEvent(JSON.parse('{"kind":"tick"}'))).toEqual({ kind: 'tick' })
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 })
  })
})

const { States: STATES } = collectionDefinition({ resource: 'r', functionName: 'f' })

describe('the collection', () => {
  const [machine] = propertiesOf('AWS::StepFunctions::StateMachine')
  const text = JSON.stringify(machine?.['DefinitionString'])

  it('is a standard state machine whose steps are the worker’s, by the name that others start it by', () => {
    const [worker] = idsOf('AWS::Lambda::Function', ({ Timeout }) => Timeout === 900)
    expect(machine).not.toHaveProperty('StateMachineType')
    expect(machine).toMatchObject({ StateMachineName: 'TestRoadsteadCollection52AC29AF' })
    expect(text).toContain(JSON.stringify({ 'Fn::GetAtt': [worker, 'Arn'] }))
    for (const name of ['Management', 'Worker']) {
      const [{ Environment: environment } = {}] = propertiesOf('AWS::Lambda::Function', name)
      expect(JSON.stringify(environment)).toContain(':stateMachine:TestRoadsteadCollection52AC29AF')
    }
  })

  it('keeps a log of every step, and says when a run failed', () => {
    const [logs] = idsOf('AWS::Logs::LogGroup', undefined, 'Collection')
    expect(machine).toMatchObject({
      LoggingConfiguration: {
        Level: 'ALL',
        Destinations: [
          { CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': [logs, 'Arn'] } } },
        ],
      },
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ExecutionsFailed',
      Namespace: 'AWS/States',
      Threshold: 1,
    })
  })

  it('tries every step again, and ends the run whatever fails', () => {
    const { Finish: finish, ...others } = STATES
    const working = Object.values(others).filter(({ Type: type }) => /Task|Map/.test(type))
    expect(working).toHaveLength(5)
    const caught = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Finish' }]
    for (const state of working) expect(state).toMatchObject({ Catch: caught })
    for (const { Retry: retry } of [finish, STATES.Work.ItemProcessor.States.Lane]) {
      expect(retry.at(-1)).toMatchObject({ ErrorEquals: ['States.ALL'] })
    }
  })

  it('goes on in another execution long before the history of one is full', () => {
    // A call has up to five events, a lane four besides, a round twenty.
    const lanes = MAX_WORKERS * (MOST_CALLS * 5 + 4)
    expect(ROUNDS * (lanes + 2 * MOST_CALLS * 5 + 20)).toBeLessThan(25_000)
  })

  it('calls for nothing that the worker does not know', () => {
    const run = { number: 1, owner: 'a', begunAt: 1 }
    const [lane] = dealLanes(1)
    const values = {
      ...{ run, lane, execution: 'name', input: {} },
      collecting: { run, lanes: [lane], rounds: 0, generation: 0, failure: {} },
    }
    const { Alone: alone, Begin: begin, Continue: goOn, Finish: finish, Look: look } = STATES
    const { Lane: work } = STATES.Work.ItemProcessor.States
    expect(JSON.stringify(STATES).match(/"Type":"Task"/g)).toHaveLength(6)
    for (const task of [alone, begin, goOn, finish, look, work]) {
      const { Payload: payload } = task.Parameters
      const given = Object.keys(payload).map((name) => {
        const plain = name.replace(/\.\$$/, '')
        return [
          plain,
          Object.entries({ ...values, ...payload }).find(([key]) => key === plain)?.[1],
        ]
      })
      expect(parseEvent(Object.fromEntries(given))).toMatchObject({ kind: 'collection' })
    }
  })

  it('leaves garbage alone no longer than it is told to', () => {
    const hasty = templateOf(() => ({ gcGrace: Duration.minutes(2) }))
    for (const one of Object.values(hasty.findResources('AWS::Lambda::Function'))) {
      expect(JSON.stringify(one)).toContain('"GC_GRACE_SECONDS":"120"')
    }
    expect(JSON.stringify(template.toJSON())).not.toContain('GC_GRACE_SECONDS')
  })
})

describe('the first password', () => {
  it('is made by AWS, fits the rule for passwords, and stays in its secret', () => {
    template.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Retain',
      Properties: {
        GenerateSecretString: {
          ...{ ExcludePunctuation: true, PasswordLength: 32, RequireEachIncludedType: true },
        },
      },
    })
  })
})

describe('the functions', () => {
  it.each(['Registry', 'Management', 'Worker'])('%s runs Node 24 on ARM', (name) => {
    const [properties] = propertiesOf('AWS::Lambda::Function', name)
    expect(properties).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      MemorySize: 1024,
      Timeout: name === 'Worker' ? 900 : 29,
      LoggingConfig: { LogFormat: 'JSON' },
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps' } },
    })
    expect(properties).not.toHaveProperty('ReservedConcurrentExecutions')
    expect(properties).not.toHaveProperty('VpcConfig')
  })

  it('keep their logs, and those of requests, for a month', () => {
    template.resourceCountIs('AWS::Logs::LogGroup', 5)
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 })
  })
})

describe('the API', () => {
  it('serves every path and method at the root: management apart, everything else the registry', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' })
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AutoDeploy: true,
      StageName: '$default',
    })
    const functionOf = (route: string): string => {
      const [{ Target: target } = {}] = propertiesOf('AWS::ApiGatewayV2::Route').filter(
        ({ RouteKey: key }) => key === route,
      )
      const integration = /"Ref":"([^"]*)"/.exec(JSON.stringify(target))?.[1] ?? ''
      const resource = template.findResources('AWS::ApiGatewayV2::Integration')[integration]
      expect(resource?.['Properties']).toMatchObject({ PayloadFormatVersion: '2.0' })
      return JSON.stringify(resource?.['Properties'])
    }
    expect(functionOf('$default')).toContain('RoadsteadRegistry')
    expect(functionOf('ANY /api/{proxy+}')).toContain('RoadsteadManagement')
    expect(functionOf('ANY /c/{proxy+}')).toContain('RoadsteadManagement')
  })

  it('logs requests without what may hold secrets', () => {
    const [stage] = propertiesOf('AWS::ApiGatewayV2::Stage')
    const line = JSON.stringify(stage?.['AccessLogSettings'])
    expect(line).toContain('$context.path')
    expect(line).not.toMatch(/query|header|authoriz/i)
  })
})

describe('alarms', () => {
  it('tell of errors, throttles, failed collections, dead letters and messages that wait', () => {
    const metrics = propertiesOf('AWS::CloudWatch::Alarm').map(({ MetricName: name }) => name)
    expect(metrics.sort()).toEqual(
      [
        '5xx',
        'ApproximateAgeOfOldestMessage',
        'ApproximateNumberOfMessagesVisible',
        'DataLosses',
        'ExecutionsFailed',
        ...['Errors', 'Errors', 'Errors', 'Throttles', 'Throttles', 'Throttles'],
      ].sort(),
    )
  })

  it('count what the worker says when an audit finds that data is lost', () => {
    const [filter] = propertiesOf('AWS::Logs::MetricFilter')
    expect(filter).toMatchObject({
      FilterPattern: '"data is lost"',
      LogGroupName: { Ref: expect.stringContaining('Worker') as string },
      MetricTransformations: [{ MetricName: 'DataLosses', MetricValue: '1' }],
    })
  })

  it('go to a topic when there is one', () => {
    const withTopic = templateOf((stack) => ({ alarmTopic: new Topic(stack, 'Topic') }))
    withTopic.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.anyValue() }],
    })
  })
})

describe('an upgrade', () => {
  it('keeps what holds data and what people have written down: logical ids never change', () => {
    const idOf = (type: string, part = ''): string | undefined => idsOf(type, undefined, part)[0]
    expect({
      table: idOf('AWS::DynamoDB::Table'),
      bucket: idOf('AWS::S3::Bucket'),
      secret: idOf('AWS::SecretsManager::Secret'),
      api: idOf('AWS::ApiGatewayV2::Api'),
      messages: idOf('AWS::SQS::Queue', 'Messages'),
    }).toEqual({
      table: 'RoadsteadStoreTable5FCDC520',
      bucket: 'RoadsteadStoreBucket0FD34901',
      secret: 'RoadsteadFirstPassword88E61796',
      api: 'RoadsteadFrontDoorApiB4067E29',
      messages: 'RoadsteadQueuesMessages37C7D409',
    })
  })
})

describe('a disposable registry', () => {
  it('goes with its stack', () => {
    const disposable = templateOf(() => ({ removalPolicy: RemovalPolicy.DESTROY }))
    for (const type of ['AWS::S3::Bucket', 'AWS::SecretsManager::Secret', 'AWS::SQS::Queue']) {
      disposable.allResources(type, { DeletionPolicy: 'Delete' })
    }
    disposable.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    })
  })
})

type Properties = Readonly<Record<string, unknown>>

const propertiesOf = (type: string, part = ''): readonly Properties[] =>
  Object.entries(template.findResources(type))
    .filter(([id]) => id.includes(part))
    .map(([, resource]) => resource['Properties'] as Properties)

const idsOf = (
  type: string,
  fits: (properties: Properties) => boolean = () => true,
  part = '',
): readonly string[] =>
  Object.entries(template.findResources(type))
    .filter(([id, resource]) => id.includes(part) && fits(resource['Properties'] as Properties))
    .map(([id]) => id)
