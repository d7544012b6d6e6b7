/** What the relay consists of: no emulator runs its tasks, so it is asserted on the template. */
import { AwsSolutionsChecks } from 'cdk-nag'
import { TimeZone, type Stack } from 'aws-cdk-lib'
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { Vpc } from 'aws-cdk-lib/aws-ec2'
import { PublicHostedZone } from 'aws-cdk-lib/aws-route53'
import { describe, expect, it } from 'vitest'
import type { CustomDomain, RelayProps } from '../../infra/roadstead.ts'
import { templateOf, withStack } from './stack.ts'

const HOST = 'push.example.com'
const PUBLIC = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1']
const PRIVATE = ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3']
const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0'

const domainOf = (stack: Stack): CustomDomain => ({
  name: HOST,
  certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
})

const relayed = (
  more: (stack: Stack, domain: CustomDomain) => Partial<RelayProps> = () => ({}),
): Template =>
  templateOf((stack) => {
    const domain = domainOf(stack)
    return { relay: { domain, ...more(stack, domain) } }
  })

const template = relayed()

const idOf = (type: string, part = ''): string => {
  const found = Object.keys(template.findResources(type)).filter((id) => id.includes(part))
  expect(found, `${type} ${part}`).toHaveLength(1)
  return found[0] ?? ''
}
const arnOf = (type: string, part = ''): object => ({ 'Fn::GetAtt': [idOf(type, part), 'Arn'] })
const groupOf = (part: string): object => ({
  'Fn::GetAtt': [idOf('AWS::EC2::SecurityGroup', part), 'GroupId'],
})

describe('the tasks of the relay', () => {
  it('run on ARM, with nothing to write to, and have two minutes to end', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '512',
      Memory: '1024',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
      ContainerDefinitions: [
        Match.objectLike({
          PortMappings: [{ ContainerPort: 8080, Protocol: 'tcp' }],
          ReadonlyRootFilesystem: true,
          StopTimeout: 120,
          LogConfiguration: Match.objectLike({ LogDriver: 'awslogs' }),
        }),
      ],
    })
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 })
  })

  it('are told what the functions are told, and their own name', () => {
    const [definition] = Object.values(template.findResources('AWS::ECS::TaskDefinition'))
    const containers = definition?.['Properties'] as {
      readonly ContainerDefinitions: readonly [
        { readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[] },
      ]
    }
    const [{ Environment: environment }] = containers.ContainerDefinitions
    expect(Object.fromEntries(environment.map(({ Name, Value }) => [Name, Value]))).toEqual({
      TABLE_NAME: { Ref: idOf('AWS::DynamoDB::Table') },
      BUCKET_NAME: { Ref: idOf('AWS::S3::Bucket') },
      QUEUE_URL: { Ref: idOf('AWS::SQS::Queue', 'Messages') },
      ADMIN_SECRET: { Ref: idOf('AWS::SecretsManager::Secret') },
      CREATE_PROJECTS_ON_PUSH: 'false',
      ALLOW_SPARSE: 'false',
      AWS_REGION: { Ref: 'AWS::Region' },
      EXTERNAL_URL: `https://${HOST}`,
      LISTEN_HOST: '0.0.0.0',
      LISTEN_PORT: '8080',
    })
  })

  it('are one unless somebody says otherwise, and a bad version is taken back', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      LaunchType: 'FARGATE',
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
      },
    })
    const large = relayed(() => ({ desiredCount: 3, cpu: 2048, memoryMb: 4096 }))
    large.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 3 })
    large.hasResourceProperties('AWS::ECS::TaskDefinition', { Cpu: '2048', Memory: '4096' })
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0)
  })

  it('run in certain hours only, where that is wanted', () => {
    const hours = {
      start: Schedule.cron({ hour: '7', minute: '0', weekDay: 'MON-FRI' }),
      stop: Schedule.cron({ hour: '19', minute: '0' }),
      timeZone: TimeZone.EUROPE_BERLIN,
    }
    relayed(() => ({ hours, desiredCount: 2 })).hasResourceProperties(
      'AWS::ApplicationAutoScaling::ScalableTarget',
      {
        MinCapacity: 0,
        MaxCapacity: 2,
        ScheduledActions: [
          {
            Schedule: 'cron(0 7 ? * MON-FRI *)',
            ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 2 },
            ScheduledActionName: 'Start',
            Timezone: 'Europe/Berlin',
          },
          {
            Schedule: 'cron(0 19 * * ? *)',
            ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 0 },
            ScheduledActionName: 'Stop',
            Timezone: 'Europe/Berlin',
          },
        ],
      },
    )
  })
})

describe('the load balancer of the relay', () => {
  it('speaks TLS and nothing else, and waits for large blobs to be put together', () => {
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1)
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Certificates: [{ CertificateArn: CERTIFICATE }],
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: Match.stringLikeRegexp('TLS13'),
    })
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: 'internet-facing',
      LoadBalancerAttributes: Match.arrayWith([
        { Key: 'idle_timeout.timeout_seconds', Value: '300' },
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
      ]),
    })
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/readyz',
      Port: 8080,
      TargetType: 'ip',
    })
  })

  it('is all that the tasks hear, and they reach AWS alone', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Load balancer of the relay',
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 })],
    })
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Tasks of the relay',
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
      SecurityGroupIngress: Match.absent(),
    })
    template.resourceCountIs('AWS::EC2::SecurityGroup', 2)
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1)
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 8080,
      ToPort: 8080,
      GroupId: groupOf('TaskGroup'),
      SourceSecurityGroupId: groupOf('BalancerGroup'),
    })
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 1)
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      FromPort: 8080,
      ToPort: 8080,
      DestinationSecurityGroupId: groupOf('TaskGroup'),
    })
  })

  it('has a name in the zone that it is given, and the registry tells of it', () => {
    const zoned = relayed((stack, domain) => ({
      domain: {
        ...domain,
        hostedZone: PublicHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
          ...{ hostedZoneId: 'Z1', zoneName: 'example.com' },
        }),
      },
    }))
    zoned.hasResourceProperties('AWS::Route53::RecordSet', { Name: `${HOST}.`, Type: 'A' })
    template.resourceCountIs('AWS::Route53::RecordSet', 0)
    const told = template.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: { RELAY_URL: `https://${HOST}` } } },
    })
    expect(Object.keys(told)).toEqual([expect.stringContaining('RoadsteadRegistry')])
  })
})

describe('the network of the relay', () => {
  it('is a small one without NAT, by which blobs and items cost nothing', () => {
    template.resourceCountIs('AWS::EC2::VPC', 1)
    template.resourceCountIs('AWS::EC2::Subnet', 2)
    template.resourceCountIs('AWS::EC2::NatGateway', 0)
    template.allResourcesProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' })
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 2)
    template.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'ENABLED' } },
    })
  })

  it('is one that is there already, in whose private subnets it runs', () => {
    const given = relayed((stack) => ({
      vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
        ...{ vpcId: 'vpc-0123456789abcdef0', availabilityZones: ['a', 'b'] },
        ...{ publicSubnetIds: PUBLIC, privateSubnetIds: PRIVATE },
      }),
    }))
    given.resourceCountIs('AWS::EC2::VPC', 0)
    given.hasResourceProperties('AWS::ECS::Service', {
      NetworkConfiguration: {
        AwsvpcConfiguration: { AssignPublicIp: 'DISABLED', Subnets: PRIVATE },
      },
    })
    given.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Subnets: PUBLIC,
    })
  })
})

describe('the roles of the relay', () => {
  const policyOf = (part: string): unknown => {
    const role = template.findResources('AWS::IAM::Role')[idOf('AWS::IAM::Role', part)]
    return (role?.['Properties'] as { readonly Policies: unknown }).Policies
  }
  const own = (allowed: readonly (readonly [actions: unknown, resource: unknown])[]) => [
    {
      PolicyName: 'Own',
      PolicyDocument: {
        Statement: allowed.map(([Action, Resource]) => ({ Action, Effect: 'Allow', Resource })),
        Version: '2012-10-17',
      },
    },
  ]

  it('let tasks do what the registry function may, and nothing else', () => {
    const bucket = arnOf('AWS::S3::Bucket')
    const table = [
      ...['dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem', 'dynamodb:ConditionCheckItem'],
      ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      'dynamodb:UpdateItem',
    ]
    const objects = ['s3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject']
    expect(policyOf('RelayTaskRole')).toEqual(
      own([
        [table, arnOf('AWS::DynamoDB::Table')],
        [objects, { 'Fn::Join': ['', [bucket, '/*']] }],
        ['s3:ListBucket', bucket],
        ['secretsmanager:GetSecretValue', { Ref: idOf('AWS::SecretsManager::Secret') }],
        ['sqs:SendMessage', arnOf('AWS::SQS::Queue', 'Messages')],
      ]),
    )
  })

  it('let ECS fetch the image and write the log', () => {
    const image = ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer']
    expect(policyOf('RelayStartRole')).toEqual(
      own([
        ['ecr:GetAuthorizationToken', '*'],
        [image.map((action) => `ecr:${action}`), expect.anything()],
        [
          ['logs:CreateLogStream', 'logs:PutLogEvents'],
          arnOf('AWS::Logs::LogGroup', 'RoadsteadRelayLogs'),
        ],
      ]),
    )
    expect(JSON.stringify(policyOf('RelayStartRole'))).toContain(':repository/')
  })

  it('are all there are, and nothing was added to them', () => {
    template.resourceCountIs('AWS::IAM::Role', 7)
    template.resourceCountIs('AWS::IAM::Policy', 0)
  })

  it('and all the rest keep the rules of AWS Solutions, but for what is acknowledged', () => {
    const violations = withStack(
      (stack) => ({ relay: { domain: domainOf(stack) } }),
      (_stack, app) => new AwsSolutionsChecks(app).validateScope(app).violations,
    )
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([])
  })
})

describe('a registry without a relay', () => {
  it('has nothing of it', () => {
    const plain = templateOf()
    for (const type of ['AWS::EC2::VPC', 'AWS::ECS::Service', 'AWS::EC2::SecurityGroup']) {
      plain.resourceCountIs(type, 0)
    }
    expect(JSON.stringify(plain.toJSON())).not.toContain('RELAY_URL')
  })
})
