import { ArnFormat, Names, Stack, Validations, type RemovalPolicy } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { CALL_ACTIONS, LOG_DELIVERY_ACTIONS } from '../actions.ts'
import { ownRole } from '../own-role.ts'
import { collectionDefinition } from './definition.ts'

export type CollectionProps = {
  readonly logRetention: RetentionDays
  readonly removalPolicy: RemovalPolicy
}

/** Of the integration. */
const INVOKE = 'lambda:invoke'
/** Step Functions service limit. */
const MAX_NAME_CHARACTERS = 80
const NO_TRACES =
  'Its history shows every step, and its log keeps that; a trace would show the same once more.'

/** Has garbage collected that takes longer than one call of the worker. */
export class Collection extends Construct {
  /** Known before there is a worker, which starts what calls it. */
  readonly arn: string
  readonly name: string

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.name = Names.uniqueResourceName(this, { maxLength: MAX_NAME_CHARACTERS })
    this.arn = Stack.of(this).formatArn({
      ...{ service: 'states', resource: 'stateMachine', resourceName: this.name },
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
  }

  /** Makes the state machine, whose steps this worker takes. */
  stepBy(worker: LambdaFunction, { logRetention, removalPolicy }: CollectionProps): void {
    const stack = Stack.of(this)
    const logs = new LogGroup(this, 'Logs', { retention: logRetention, removalPolicy })
    const role = ownRole(this, 'Role', 'states.amazonaws.com', [
      { actions: CALL_ACTIONS, resource: worker.functionArn },
      { actions: LOG_DELIVERY_ACTIONS, resource: '*' },
    ])
    const machine = new CfnStateMachine(this, 'StateMachine', {
      stateMachineName: this.name,
      roleArn: role.roleArn,
      definitionString: stack.toJsonString(
        collectionDefinition({
          resource: `arn:${stack.partition}:states:::${INVOKE}`,
          functionName: worker.functionArn,
        }),
      ),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs.logGroupArn } }],
      },
    })
    Validations.of(machine).acknowledge({ id: 'AwsSolutions-SF2', reason: NO_TRACES })
  }

  /** Executions that failed. */
  metricFailed(sum: { readonly period: Metric['period']; readonly statistic: string }): Metric {
    return new Metric({
      ...{ namespace: 'AWS/States', metricName: 'ExecutionsFailed', ...sum },
      dimensionsMap: { StateMachineArn: this.arn },
    })
  }
}
