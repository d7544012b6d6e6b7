import {
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'

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

const secretsAt = (endpoint: string, command: string): SecretsManagerClient =>
  new SecretsManagerClient({
    endpoint,
    region: /--region (\S+)/.exec(command)?.[1] ?? EMULATOR_CREDENTIALS.AWS_REGION,
    credentials: {
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? EMULATOR_CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey:
        process.env['AWS_SECRET_ACCESS_KEY'] ?? EMULATOR_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  })

/** Reads the first password as an output of the stack says: by the name of its secret. */
export const readFirstPassword = async (endpoint: string, command: string): Promise<string> => {
  const read = new GetSecretValueCommand({ SecretId: secretOf(command) })
  return (await secretsAt(endpoint, command).send(read)).SecretString ?? ''
}

/** What AWS sees to when it makes up a password, and a registry asks of one. */
const NEEDED = [/[A-Z]/, /[a-z]/, /[0-9]/]

/**
 * Gives a stack that was just deployed another first password when the emulator has made up one that AWS never would, and
 * that no registry takes: MiniStack's CloudFormation draws characters as they come, and one password in 36 has no digit.
 */
export const mendFirstPassword = async (endpoint: string, command: string): Promise<void> => {
  const password = await readFirstPassword(endpoint, command)
  if (NEEDED.every((kind) => kind.test(password))) return
  const client = secretsAt(endpoint, command)
  const made = await client.send(new GetRandomPasswordCommand({ ExcludePunctuation: true }))
  await client.send(
    new PutSecretValueCommand({
      SecretId: secretOf(command),
      SecretString: made.RandomPassword,
    }),
  )
}
