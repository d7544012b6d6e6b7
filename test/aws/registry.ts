import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { authorization, type Login } from '../support/credentials.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { CREDENTIALS, startMinistack, type MinistackOptions } from '../tools/endpoints/start.ts'
import { deploy, destroy, type Context, type Outputs } from './deploy.ts'
import { startGateway } from './gateway.ts'

const API_ID = 'a0b1c2d3'

/** A registry that is deployed to an emulator, with a front door of its own. */
export type DeployedRegistry = {
  readonly endpoint: string
  readonly url: string
  readonly host: string
  readonly outputs: Outputs
  readonly admin: Login
  /** Asks the management API. */
  readonly ask: (path: string, init?: Asked) => Promise<Response>
  /** Deploys a change over it. */
  readonly redeploy: (context: Context) => Promise<Outputs>
  readonly destroy: () => Promise<void>
  readonly stop: () => Promise<void>
}

export type Asked = {
  readonly method?: string
  readonly body?: unknown
  /** By default the administrator; `nobody`: without a login. */
  readonly as?: Login | 'nobody'
}

/** The name of the secret that the command of the stack's output reads. */
export const secretOf = (command: string): string => /--secret-id (\S+)/.exec(command)?.[1] ?? ''

/** Reads the first password as the stack's output says: by the name of its secret. */
const readFirstPassword = async (endpoint: string, command: string): Promise<string> => {
  const name = secretOf(command)
  const client = new SecretsManagerClient({
    endpoint,
    region: CREDENTIALS.AWS_REGION,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  })
  return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString ?? ''
}

/**
 * To the emulator the `Ref` of a secret is its name, not its ARN, which is what policies are about. And it has no TLS, so
 * that what refuses everything else must refuse TLS instead.
 */
const forTheEmulator = (template: string): string =>
  template
    .replaceAll(
      /"Resource": (\{\s*"Ref": "RoadsteadFirstPassword\w+"\s*\})/g,
      (_, ref: string) =>
        `"Resource": {"Fn::Join": ["", ["arn:aws:secretsmanager:*:*:secret:", ${ref}, "-*"]]}`,
    )
    .replaceAll('"aws:SecureTransport": "false"', '"aws:SecureTransport": "true"')

/** Starts an emulator and deploys the stack to it. */
export const deployRegistry = async (
  context: Context,
  options: MinistackOptions = {},
): Promise<DeployedRegistry> => {
  const cleanUps: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  }
  try {
    const directory = await temporaryDirectory('stack')
    cleanUps.push(directory.remove)
    const { endpoint, stop: stopMinistack } = await startMinistack(options)
    cleanUps.push(stopMinistack)
    const api = new URL(`${endpoint}/_aws/execute-api/${API_ID}/$default`)
    const { stop: stopGateway, url } = await startGateway(api)
    cleanUps.push(stopGateway)
    const redeploy = async (change: Context): Promise<Outputs> =>
      await deploy(
        endpoint,
        directory.path,
        {
          // The emulator takes the id of an API from this tag.
          apiTag: `ms-custom-id=${API_ID}`,
          externalUrl: url,
          ...change,
        },
        options.enforcesIam === true ? forTheEmulator : undefined,
      )
    const outputs = await redeploy(context)
    const password = await readFirstPassword(endpoint, outputs.FirstPasswordCommand)
    const admin = { name: 'admin', password }
    return {
      ...{ endpoint, url, outputs, admin, redeploy, stop },
      host: new URL(url).host,
      ask: async (path, { as = admin, body, method = 'GET' } = {}) =>
        await fetch(`${url}/api/v2.0${path}`, {
          method,
          headers: {
            ...(as === 'nobody' ? {} : { Authorization: authorization(as) }),
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      destroy: async () => {
        await destroy(endpoint, directory.path)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
