/**
 * Constructs as the interfaces that they implement: the CDK's classes have optional properties that may be undefined, of
 * which its interfaces say that they are not, and a strict compiler minds.
 */
import type { IVpc, Vpc } from 'aws-cdk-lib/aws-ec2'
import type { Cluster, ICluster } from 'aws-cdk-lib/aws-ecs'

export const asVpc = (vpc: Vpc): IVpc => vpc as IVpc
export const asCluster = (cluster: Cluster): ICluster => cluster as ICluster
