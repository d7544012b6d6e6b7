/** `Executions` of one state machine of Step Functions. */
import type { SFNClient } from '@aws-sdk/client-sfn'
import type { Executions } from '../ports.ts'
import { atFirstUse, briefly, type Where } from './brief-client.ts'
import { call } from './failures.ts'

/** An execution that nobody needs finds nothing to do, so starting one more does no harm. */
const ATTEMPTS = 3

const TAKEN = new Set(['ExecutionAlreadyExists', 'ExecutionAlreadyExistsException'])

export type ExecutionsSettings = Where & {
  /** ARN of the state machine. */
  readonly stateMachine: string
}

/** Loads the client of Step Functions with the first execution: hardly any request starts one. */
export const createAwsExecutions = ({ stateMachine, ...where }: ExecutionsSettings): Executions => {
  const open = atFirstUse(async () => {
    const sdk = await import('./sdk/sfn.ts')
    const client: SFNClient = new sdk.SFNClient({
      maxAttempts: ATTEMPTS,
      ...briefly(where),
    })
    return { sdk, client }
  })
  return {
    start: async (input, name) => {
      const { client, sdk } = await open()
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
