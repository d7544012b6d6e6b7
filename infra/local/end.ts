import { join } from 'node:path'
import { destroyApp } from '../cdk.ts'
import { endInBackground } from './background.ts'
import { EMULATOR_CREDENTIALS } from './endpoint.ts'
import { removeState, type State } from './state.ts'

/** What the stack is deployed with, wherever it is. */
export const LOCAL_CONTEXT = { stackName: 'RoadsteadLocal', disposable: 'true' } as const

/** Where it stays, for its end. */
export const assemblyIn = (data: string): string => join(data, 'cdk.out')

/** The environment of the CDK; credentials of one's own go before those that emulators take. */
export const environmentFor = (endpoint: string): NodeJS.ProcessEnv => {
  const { AWS_CA_BUNDLE: _, ...inherited } = process.env
  return {
    ...EMULATOR_CREDENTIALS,
    ...inherited,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** Ends what runs; a stack at an endpoint of somebody else is deleted there. */
export const endLocal = async (data: string, state: State): Promise<void> => {
  const { door, emulator, endpoint, stack } = state
  if (door !== undefined) await endInBackground(door)
  if (emulator !== undefined) await endInBackground(emulator)
  else if (stack !== undefined) {
    await destroyApp(assemblyIn(data), {
      env: environmentFor(endpoint),
      log: () => undefined,
    })
  }
  removeState(data)
}
