/** `Executions` of one state machine of Step Functions. */
import type { SFNClient } from '@aws-sdk/client-sfn'
import type { Executions } from '../ports.ts'
import { call } from './failures.ts'

const CONNECTION_TIMEOUT_MS = 1_000
const REQUEST_TIMEOUT_MS = 5_000
/** An execution that nobody needs finds nothing to do, so starting one more does no harm. */
const ATTEMPTS = 3

const TAKEN = new Set(['ExecutionAlreadyExists', 'ExecutionAlreadyExistsException'])

export type ExecutionsSettings = {
  /** ARN of the state machine. */
  readonly stateMachine: string
  /** By default the one of the environment. */
  readonly region?: string
  /** Of an AWS-compatible service. By default AWS itself. */
  readonly endpoint?: string
}

/** Loads the client of Step Functions with the first execution: hardly any request starts one. */
export const createAwsExecutions = ({
  endpoint,
  region,
  stateMachine,
}: ExecutionsSettings): Executions => {
  const load = async () => {
    const sdk = await import('./sdk/sfn.ts')
    const client: SFNClient = new sdk.SFNClient({
      maxAttempts: ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
    })
    return { sdk, client }
  }
  let loaded: ReturnType<typeof load> | undefined
  return {
    start: async (input, name) => {
      const { client, sdk } = await (loaded ??= load())
      const command = new sdk.StartExecutionCommand({
        ...{ stateMachineArn: stateMachine, input },
        ...(name !== undefined && { name }),
      })
      const answer = await call(
        'write',
        async () => await client.send(command),
        (code) => (TAKEN.has(code) ? 'exists' : undefined),
      )
      return answer === 'exists' ? answer : 'started'
    },
  }
}
