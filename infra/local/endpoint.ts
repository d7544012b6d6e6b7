import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** What every emulator takes. */
export const EMULATOR_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
} as const

/** The account that emulators make everything in unless they are told otherwise. */
export const EMULATOR_ACCOUNT = '000000000000'

/** An emulated HTTP API: emulators serve it below a path, where API Gateway gives it a host. */
export const apiUrl = (endpoint: string, apiId: string): URL =>
  new URL(`${endpoint}/_aws/execute-api/${apiId}/$default`)

/** The name of the secret that an output of the stack reads. */
export const secretOf = (command: string): string => /--secret-id (\S+)/.exec(command)?.[1] ?? ''

/** Reads the first password as an output of the stack says: by the name of its secret. */
export const readFirstPassword = async (endpoint: string, command: string): Promise<string> => {
  const client = new SecretsManagerClient({
    endpoint,
    region: /--region (\S+)/.exec(command)?.[1] ?? EMULATOR_CREDENTIALS.AWS_REGION,
    credentials: {
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? EMULATOR_CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey:
        process.env['AWS_SECRET_ACCESS_KEY'] ?? EMULATOR_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  })
  return (
    (await client.send(new GetSecretValueCommand({ SecretId: secretOf(command) }))).SecretString ??
    ''
  )
}
