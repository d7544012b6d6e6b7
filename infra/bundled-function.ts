import { Duration, Stack, Validations, type RemovalPolicy } from 'aws-cdk-lib'
import {
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import * as z from 'zod'
import { LOG_ACTIONS } from './actions.ts'
import { BUNDLE_NAME, bundle } from './bundle.ts'

/** What somebody may do to what. */
export type Permission = {
  readonly actions: readonly string[]
  readonly resource: string
}

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
    const permissions = [
      ...props.permissions,
      { actions: LOG_ACTIONS, resource: logGroup.logGroupArn },
    ]
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Own: new PolicyDocument({ statements: permissions.map(allow) }) },
    })
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
    for (const { resource } of permissions) {
      const name = nameIn(Stack.of(this).resolve(resource))
      if (!name.includes('*')) continue
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${name}]`,
        reason: 'Names of objects are random: whose bucket they are in is known, and nothing more.',
      })
    }
  }
}

const allow = ({ actions, resource }: Permission): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource] })

/** What a resource is called where it is acknowledged: references stand in angle brackets. */
const nameIn = (resource: unknown): string => {
  if (typeof resource === 'string') return resource
  const { 'Fn::GetAtt': attribute, 'Fn::Join': join, Ref: ref } = reference.parse(resource)
  if (join !== undefined) return join[1].map(nameIn).join(join[0])
  return `<${attribute?.join('.') ?? ref ?? ''}>`
}

const reference = z.object({
  Ref: z.string().optional(),
  'Fn::GetAtt': z.array(z.string()).optional(),
  'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]).optional(),
})
