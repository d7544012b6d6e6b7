import { Validations } from 'aws-cdk-lib'
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type IVpc,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'
import { asVpc } from './interfaces.ts'

const HTTPS = 443
/** A load balancer wants two. */
const ZONES = 2

export type Network = {
  readonly vpc: IVpc
  /** Where the tasks run, and whether they need an address of the internet to reach AWS. */
  readonly subnets: SubnetSelection
  readonly assignPublicIp: boolean
}

/**
 * The network of the relay. One of its own has public subnets alone: a NAT gateway costs more than the relay itself, and
 * endpoints for the five services that a task calls twice as much, while a public address costs $3.65 a month and what
 * comes in by it is let through by nobody. Blobs and items go by gateway endpoints, which cost nothing.
 */
export const relayNetwork = (scope: Construct, given: IVpc | undefined): Network => {
  if (given !== undefined && given.privateSubnets.length > 0) {
    const subnets = { subnetType: SubnetType.PRIVATE_WITH_EGRESS }
    return { vpc: given, subnets, assignPublicIp: false }
  }
  const subnets = { subnetType: SubnetType.PUBLIC }
  return { vpc: given ?? ownVpc(scope), subnets, assignPublicIp: true }
}

const ownVpc = (scope: Construct): IVpc => {
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr('10.0.0.0/24'),
    maxAzs: ZONES,
    natGateways: 0,
    subnetConfiguration: [
      { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
    ],
    gatewayEndpoints: {
      S3: { service: GatewayVpcEndpointAwsService.S3 },
      DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
    },
  })
  Validations.of(vpc).acknowledge({
    id: 'AwsSolutions-VPC7',
    reason:
      'Every request is a line in the log of the relay; flow logs would say less, and cost more.',
  })
  return asVpc(vpc)
}

/** Who may speak with whom: everybody with the load balancer, that with the tasks, and those with AWS. */
export const relayGroups = (scope: Construct, vpc: IVpc, port: number) => {
  const make = (id: string, description: string): SecurityGroup =>
    new SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false })
  const balancer = make('BalancerGroup', 'Load balancer of the relay')
  const tasks = make('TaskGroup', 'Tasks of the relay')
  balancer.addIngressRule(Peer.anyIpv4(), Port.tcp(HTTPS), 'Clients')
  balancer.addEgressRule(tasks, Port.tcp(port), 'Tasks')
  tasks.addIngressRule(balancer, Port.tcp(port), 'Load balancer')
  tasks.addEgressRule(Peer.anyIpv4(), Port.tcp(HTTPS), 'AWS')
  Validations.of(balancer).acknowledge({
    id: 'AwsSolutions-EC23',
    reason: 'Clients come from everywhere, and log in.',
  })
  return { balancer, tasks }
}
