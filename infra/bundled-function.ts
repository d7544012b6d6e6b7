import { Duration, type RemovalPolicy } from 'aws-cdk-lib'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { LOG_ACTIONS } from './actions.ts'
import { BUNDLE_NAME, bundle } from './bundle.ts'
import { ownRole, type Permission } from './own-role.ts'

export type BundledFunctionProps = {
  readonly description: string
  /** A file of `functions/`. */
  readonly entry: string
  readonly permissions: readonly Permission[]
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  readonly memorySizeMb: number
  readonly reservedConcurrency: number | undefined
  readonly logRetention: RetentionDays
  readonly removalPolicy: RemovalPolicy
}

/** One of our entry points as a Lambda function that may do exactly what its code does. */
export class BundledFunction extends Construct {
  readonly function: LambdaFunction

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id)
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    })
    const role = ownRole(this, 'Role', 'lambda.amazonaws.com', [
      ...props.permissions,
      { actions: LOG_ACTIONS, resource: logGroup.logGroupArn },
    ])
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle(props.entry).directory),
      handler: `${BUNDLE_NAME}.handler`,
      memorySize: props.memorySizeMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(props.reservedConcurrency !== undefined && {
        reservedConcurrentExecutions: props.reservedConcurrency,
      }),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
    })
  }
}
