import { Duration, Names } from 'aws-cdk-lib'
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { Alarm, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Collection } from './collection/collection.ts'
import type { Queues } from './work.ts'

export type AlarmsProps = {
  readonly api: HttpApi
  readonly collection: Collection
  readonly functions: Readonly<Record<string, LambdaFunction>>
  readonly queues: Queues
  /** Answers that the relay failed to give, where there is one. */
  readonly relayErrors: IMetric | undefined
  readonly topic: ITopic | undefined
}

const PERIOD = Duration.minutes(5)
/** One failure may be chance. */
const SERVER_ERRORS = 5
/** What `functions/worker/handler.ts` says when an audit finds that data is lost. */
const LOSS = 'data is lost'
const OLDEST_MESSAGE_SECONDS = 60 * 60

/** Says what goes wrong that nobody sees. Eleven of them, of which ten cost nothing; the relay has one more. */
export class Alarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { api, collection, functions, queues, relayErrors, topic }: AlarmsProps,
  ) {
    super(scope, id)
    const alarm = (name: string, what: string, metric: IMetric, threshold = 1): void => {
      const made = new Alarm(this, name, {
        alarmDescription: what,
        metric,
        threshold,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      })
      if (topic !== undefined) made.addAlarmAction(new SnsAction(topic))
    }
    const sum = { period: PERIOD, statistic: 'Sum' }
    alarm(
      'ServerErrors',
      'Requests are answered with 5xx: the logs of the functions say why',
      api.metricServerError(sum),
      SERVER_ERRORS,
    )
    if (relayErrors !== undefined) {
      const what = 'The relay answers with 5xx: its log says why'
      alarm('RelayErrors', what, relayErrors, SERVER_ERRORS)
    }
    for (const [name, one] of Object.entries(functions)) {
      alarm(`${name}Errors`, `The function ${name} fails: see its logs`, one.metricErrors(sum))
      alarm(
        `${name}Throttles`,
        `The function ${name} is called more often at once than it may be: raise its reserved concurrency or the account's`,
        one.metricThrottles(sum),
      )
    }
    const { Worker: worker } = functions
    if (worker !== undefined) {
      const losses = new MetricFilter(this, 'Losses', {
        logGroup: worker.logGroup,
        filterPattern: FilterPattern.anyTerm(LOSS),
        metricNamespace: Names.uniqueId(this),
        metricName: 'DataLosses',
      })
      alarm(
        'DataLosses',
        'A storage audit found that data is lost: roadstead audit storage status tells what; see its findings',
        losses.metric(sum),
      )
    }
    alarm(
      'CollectionErrors',
      'A run of garbage collection failed: the history of its execution and the logs of the worker say why; the next run goes on',
      collection.metricFailed(sum),
    )
    alarm(
      'DeadLetters',
      'Messages could not be worked on: the logs of the worker say why; redrive them when that is mended',
      queues.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: PERIOD,
        statistic: 'Maximum',
      }),
    )
    alarm(
      'OldestMessage',
      'A message has waited for an hour: the worker is too slow, or does not run',
      queues.messages.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      OLDEST_MESSAGE_SECONDS,
    )
  }
}
