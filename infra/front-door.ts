import { Tags, Validations, type RemovalPolicy } from 'aws-cdk-lib'
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpMethod,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { ARecord, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets'
import { Construct } from 'constructs'
import type { CustomDomain } from './props.ts'

export type FrontDoorProps = {
  readonly registry: LambdaFunction
  readonly api: LambdaFunction
  readonly domain: CustomDomain | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly logRetention: RetentionDays
  readonly removalPolicy: RemovalPolicy
}

/** What the management API answers; everything else is the distribution API's. */
const MANAGEMENT_PATHS = ['/api/{proxy+}', '/c/{proxy+}'] as const

/** One line per request. Queries and headers stay out of it: they may hold secrets. */
const LINE = JSON.stringify({
  time: '$context.requestTime',
  id: '$context.requestId',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  remote: '$context.identity.sourceIp',
  agent: '$context.identity.userAgent',
  error: '$context.error.messageString',
})

/** The HTTP API: at its root, where clients look for /v2/, with a name of its own when it is given one. */
export class FrontDoor extends Construct {
  readonly api: HttpApi
  /** By which clients reach the registry. */
  readonly url: string

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id)
    const { domain } = props
    this.api = new HttpApi(this, 'Api', {
      description: 'Roadstead',
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration('Registry', props.registry),
    })
    const integration = new HttpLambdaIntegration('Management', props.api)
    for (const path of MANAGEMENT_PATHS) {
      this.api.addRoutes({ path, methods: [HttpMethod.ANY], integration })
    }
    const stage = this.api.addStage('DefaultStage', {
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'Requests', {
            retention: props.logRetention,
            removalPolicy: props.removalPolicy,
          }),
        ),
        format: AccessLogFormat.custom(LINE),
      },
    })
    for (const [name, value] of Object.entries(props.tags)) Tags.of(this.api).add(name, value)
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: 'The functions ask for a login themselves, in the ways that registry clients know.',
    })
    this.url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`
    if (domain === undefined) return

    const name = new DomainName(this, 'Domain', {
      domainName: domain.name,
      certificate: domain.certificate,
    })
    new ApiMapping(this, 'Mapping', { api: this.api, domainName: name, stage })
    if (domain.hostedZone === undefined) return
    new ARecord(this, 'Record', {
      zone: domain.hostedZone,
      recordName: `${domain.name}.`,
      target: RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(name.regionalDomainName, name.regionalHostedZoneId),
      ),
    })
  }
}
