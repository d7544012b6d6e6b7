import { Duration, Validations, type RemovalPolicy } from 'aws-cdk-lib'
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs'
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  HttpCodeTarget,
  ListenerAction,
  SslPolicy,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { ARecord, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets'
import { Construct } from 'constructs'
import { IMAGE_ACTIONS, IMAGE_LOGIN_ACTIONS, LOG_ACTIONS } from '../actions.ts'
import { ownRole, type Permission } from '../own-role.ts'
import type { RelayProps } from '../props.ts'
import { relayImage } from './image.ts'
import { asCluster } from './interfaces.ts'
import { relayGroups, relayNetwork } from './network.ts'
import { DEFAULT_CPU, DEFAULT_MEMORY_MB } from './size.ts'

const PORT = 8080
const HTTPS = 443
/** The store may need minutes to put a large blob together, in which nothing crosses the connection. */
const IDLE = Duration.minutes(5)
/** All that Fargate allows; `functions/relay/main.ts` gives its requests most of it. */
const STOP = Duration.seconds(120)
const ERRORS_PERIOD = Duration.minutes(5)

export type RelayParts = RelayProps & {
  readonly environment: Readonly<Record<string, string>>
  readonly permissions: readonly Permission[]
  readonly logRetention: RetentionDays
  readonly removalPolicy: RemovalPolicy
}

/** The relay: tasks of Fargate behind a load balancer, with a name of their own. */
export class Relay extends Construct {
  readonly url: string
  /** What its owner points the name to, where the zone is kept elsewhere. */
  readonly balancerName: string
  /** How many answers it failed to give. */
  readonly errors: IMetric

  constructor(scope: Construct, id: string, props: RelayParts) {
    super(scope, id)
    const { desiredCount = 1, domain } = props
    this.url = `https://${domain.name}`
    const { assignPublicIp, subnets, vpc } = relayNetwork(this, props.vpc)
    const groups = relayGroups(this, vpc, PORT)

    const cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    })
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: 'The load balancer and the service count what matters here, at no cost.',
    })
    const service = new FargateService(this, 'Service', {
      ...{ cluster: asCluster(cluster), desiredCount, assignPublicIp, vpcSubnets: subnets },
      taskDefinition: this.task(props),
      securityGroups: [groups.tasks],
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
    })

    const balancer = new ApplicationLoadBalancer(this, 'Balancer', {
      vpc,
      internetFacing: true,
      securityGroup: groups.balancer,
      idleTimeout: IDLE,
      dropInvalidHeaderFields: true,
    })
    Validations.of(balancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason: 'Every request is a line in the log of the relay.',
    })
    const target = new ApplicationTargetGroup(this, 'Target', {
      ...{ vpc, port: PORT, protocol: ApplicationProtocol.HTTP, targetType: TargetType.IP },
      targets: [service],
      healthCheck: { path: '/readyz', interval: Duration.seconds(10), healthyThresholdCount: 2 },
      deregistrationDelay: STOP,
    })
    balancer.addListener('Https', {
      port: HTTPS,
      open: false,
      certificates: [domain.certificate],
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      defaultAction: ListenerAction.forward([target]),
    })
    this.balancerName = balancer.loadBalancerDnsName
    this.errors = balancer.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, {
      period: ERRORS_PERIOD,
      statistic: 'Sum',
    })
    if (domain.hostedZone !== undefined) {
      new ARecord(this, 'Record', {
        zone: domain.hostedZone,
        recordName: `${domain.name}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
      })
    }
    this.keepHours(service, desiredCount, props.hours)
  }

  private task(props: RelayParts): FargateTaskDefinition {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    })
    const image = relayImage(this, 'Image')
    const tasks = 'ecs-tasks.amazonaws.com'
    const start = ownRole(this, 'StartRole', tasks, [
      { actions: IMAGE_LOGIN_ACTIONS, resource: '*' },
      { actions: IMAGE_ACTIONS, resource: image.repository.repositoryArn },
      { actions: LOG_ACTIONS, resource: logGroup.logGroupArn },
    ])
    const definition = new FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu ?? DEFAULT_CPU,
      memoryLimitMiB: props.memoryMb ?? DEFAULT_MEMORY_MB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      taskRole: ownRole(this, 'TaskRole', tasks, props.permissions).withoutPolicyUpdates(),
      executionRole: start.withoutPolicyUpdates(),
    })
    Validations.of(definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The environment holds names of resources, and no secret.',
    })
    definition.addContainer('Relay', {
      image: ContainerImage.fromDockerImageAsset(image),
      portMappings: [{ containerPort: PORT }],
      environment: {
        ...props.environment,
        EXTERNAL_URL: this.url,
        LISTEN_HOST: '0.0.0.0',
        LISTEN_PORT: String(PORT),
      },
      logging: LogDriver.awsLogs({ logGroup, streamPrefix: 'relay' }),
      readonlyRootFilesystem: true,
      stopTimeout: STOP,
    })
    return definition
  }

  private keepHours(service: FargateService, count: number, hours: RelayProps['hours']): void {
    if (hours === undefined) return
    const { start, stop, timeZone } = hours
    const zone = timeZone === undefined ? {} : { timeZone }
    const scaling = service.autoScaleTaskCount({ minCapacity: 0, maxCapacity: count })
    const to = (id: string, schedule: typeof start, capacity: number): void => {
      const range = { minCapacity: capacity, maxCapacity: capacity }
      scaling.scaleOnSchedule(id, { schedule, ...range, ...zone })
    }
    to('Start', start, count)
    to('Stop', stop, 0)
  }
}
