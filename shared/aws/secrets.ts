/** `Secrets` on Secrets Manager. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Secrets } from '../ports.ts'
import { atFirstUse, briefly, type Where } from './brief-client.ts'
import { call } from './failures.ts'

/** Loads the client of Secrets Manager with the first secret, which is read once in the life of a registry. */
export const createAwsSecrets = (where: Where): Secrets => {
  const open = atFirstUse(async () => {
    const sdk = await import('./sdk/secrets-manager.ts')
    const client: SecretsManagerClient = new sdk.SecretsManagerClient({
      ...briefly(where),
    })
    return { sdk, client }
  })
  return {
    read: async (name) => {
      const { client, sdk } = await open()
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
