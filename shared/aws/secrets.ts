/** `Secrets` on Secrets Manager. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Secrets } from '../ports.ts'
import { call } from './failures.ts'

const CONNECTION_TIMEOUT_MS = 1_000
const REQUEST_TIMEOUT_MS = 5_000

type Where = { readonly region?: string; readonly endpoint?: string }

/** Loads the client of Secrets Manager with the first secret, which is read once in the life of a registry. */
export const createAwsSecrets = ({ endpoint, region }: Where): Secrets => {
  const load = async () => {
    const sdk = await import('./sdk/secrets-manager.ts')
    const client: SecretsManagerClient = new sdk.SecretsManagerClient({
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
    read: async (name) => {
      const { client, sdk } = await (loaded ??= load())
      const command = new sdk.GetSecretValueCommand({ SecretId: name })
      const answer = await call(
        'read',
        async () => await client.send(command),
        (code) => (code === 'ResourceNotFoundException' ? 'absent' : undefined),
      )
      return answer === 'absent' ? undefined : answer.SecretString
    },
  }
}
