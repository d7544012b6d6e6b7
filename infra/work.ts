import { Duration, type RemovalPolicy } from 'aws-cdk-lib'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'

/** All that Lambda allows. */
export const WORK_SECONDS = 15 * 60
/** What jobs run by may be this late; each look costs one call of the function and a read or two. */
const LOOK_EVERY_MINUTES = 5
/** As `MAX_DELIVERIES` of `shared/ports.ts` has it. */
const MAX_DELIVERIES = 5
const KEEP_DAYS = 14
/** What `functions/worker/events.ts` takes for the schedule. */
const TICK = { kind: 'tick' }

export type QueuesProps = {
  readonly encryptionKey: IKey | undefined
  readonly removalPolicy: RemovalPolicy
}

/** Messages, and those that nobody could work on. */
export class Queues extends Construct {
  readonly messages: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { encryptionKey, removalPolicy }: QueuesProps) {
    super(scope, id)
    const common = {
      enforceSSL: true,
      retentionPeriod: Duration.days(KEEP_DAYS),
      removalPolicy,
      ...(encryptionKey === undefined
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
    }
    this.deadLetters = new Queue(this, 'DeadLetters', common)
    this.messages = new Queue(this, 'Messages', {
      ...common,
      // Nobody else is given a message while the function may be working on it.
      visibilityTimeout: Duration.seconds(WORK_SECONDS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_DELIVERIES },
    })
  }
}

/** Brings the worker its messages one by one, and calls it every few minutes to look for what is due. */
export class Work extends Construct {
  constructor(scope: Construct, id: string, worker: LambdaFunction, { messages }: Queues) {
    super(scope, id)
    worker.configureAsyncInvoke({
      // The next tick comes soon.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(LOOK_EVERY_MINUTES),
    })
    new EventSourceMapping(this, 'Messages', {
      target: worker,
      eventSourceArn: messages.queueArn,
      // One may take its quarter of an hour, and no other should wait for it.
      batchSize: 1,
      reportBatchItemFailures: true,
    })
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      inlinePolicies: {
        Own: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['lambda:InvokeFunction'],
              resources: [worker.functionArn],
            }),
          ],
        }),
      },
    })
    new CfnSchedule(this, 'Schedule', {
      description: 'Lets Roadstead look for jobs that are due',
      scheduleExpression: `rate(${LOOK_EVERY_MINUTES} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: worker.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(TICK),
        retryPolicy: { maximumRetryAttempts: 0 },
      },
    })
  }
}
