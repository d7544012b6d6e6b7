/** The state machine of the collection where no function can be called: an activity stands in for the function. */
import { randomUUID } from 'node:crypto'
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn'
import * as z from 'zod'
import { collectionDefinition } from '../../infra/collection/definition.ts'
import { eventually } from '../support/eventually.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

/** As many as there are lanes at most. */
const POLLERS = 3
/** No role is asked for by an activity. */
const ROLE = 'arn:aws:iam::000000000000:role/collection'

const asked = z.object({ FunctionName: z.literal('worker'), Payload: z.unknown() })

/** What an activity is worked on by; what it throws is what a function throws, by its name. */
export type Work = (payload: unknown) => Promise<unknown>

/** Makes the state machine with the definition of the stack, and works on what it calls for until it is closed. */
export const startStateMachine = async (endpoint: string, work: () => Work) => {
  const client = new SFNClient({ endpoint, region: CREDENTIALS.AWS_REGION, maxAttempts: 1 })
  const name = `collection-${randomUUID()}`
  const { activityArn = '' } = await client.send(new CreateActivityCommand({ name }))
  const definition = collectionDefinition({ resource: activityArn, functionName: 'worker' })
  const { stateMachineArn = '' } = await client.send(
    // Real seconds pass between attempts.
    new CreateStateMachineCommand({
      name,
      roleArn: ROLE,
      definition: JSON.stringify(definition).replaceAll('"MaxAttempts":6', '"MaxAttempts":2'),
    }),
  )
  const closing = new AbortController()
  const poll = async (): Promise<void> => {
    const options = { abortSignal: closing.signal }
    const { input, taskToken } = await client.send(
      new GetActivityTaskCommand({ activityArn }),
      options,
    )
    if (input === undefined || taskToken === undefined) return
    try {
      const answer = await work()(asked.parse(JSON.parse(input)).Payload)
      const output = JSON.stringify({ Payload: answer })
      await client.send(new SendTaskSuccessCommand({ taskToken, output }), options)
    } catch (error) {
      const failed = { error: error instanceof Error ? error.name : 'Error', cause: String(error) }
      await client.send(new SendTaskFailureCommand({ taskToken, ...failed }), options)
    }
  }
  const pollers = Array.from({ length: POLLERS }, async () => {
    while (!closing.signal.aborted) await poll().catch(() => undefined)
  })
  const executionOf = async () => {
    const all = await client.send(new ListExecutionsCommand({ stateMachineArn }))
    return all.executions ?? []
  }
  return {
    stateMachineArn,
    /** Waits until every execution is over; how that was, the newest first. */
    ended: async () =>
      await eventually('all executions are over', async () => {
        const all = await executionOf()
        if (all.length === 0 || all.some(({ status }) => status === 'RUNNING')) return undefined
        return await Promise.all(
          all.map(async ({ executionArn = '', name: called = '' }) => {
            const { error, status } = await client.send(
              new DescribeExecutionCommand({ executionArn }),
            )
            return { called, status, error }
          }),
        )
      }),
    close: async (): Promise<void> => {
      closing.abort()
      await Promise.all(pollers)
      client.destroy()
    },
  }
}
