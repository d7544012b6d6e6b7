import { apiUrl, mendFirstPassword, readFirstPassword } from '../../infra/local/endpoint.ts'
import { authorization, type Login } from '../support/credentials.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startMinistack, type MinistackOptions } from '../tools/endpoints/start.ts'
import { bootstrap, deploy, destroy, type Context, type Outputs } from './deploy.ts'
import { startGateway } from '../../infra/local/gateway.ts'

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

/** Asks the management API of a registry, as the administrator unless somebody else is named. */
export const askingAs =
  (url: string, admin: Login): DeployedRegistry['ask'] =>
  async (path, { as = admin, body, method = 'GET' } = {}) =>
    await fetch(`${url}/api/v2.0${path}`, {
      method,
      headers: {
        ...(as === 'nobody' ? {} : { Authorization: authorization(as) }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

/** Starts an emulator and deploys the stack to it. */
export const deployRegistry = async (
  context: Context,
  options: MinistackOptions = {},
): Promise<DeployedRegistry> => {
  const { endpoint, stop: stopMinistack } = await startMinistack(options)
  try {
    await bootstrap(endpoint)
    const registry = await deployRegistryTo(endpoint, { ...context, apiId: API_ID }, options)
    const stop = async (): Promise<void> => {
      await registry.stop()
      await stopMinistack()
    }
    return { ...registry, stop }
  } catch (error) {
    await stopMinistack()
    throw error
  }
}

/** Deploys the stack to an emulator that runs, and whose account is prepared; `apiId`: 8 hexadecimal digits that no other stack there has. */
export const deployRegistryTo = async (
  endpoint: string,
  { apiId, ...context }: Context & { readonly apiId: string },
  options: MinistackOptions = {},
): Promise<DeployedRegistry> => {
  const cleanUps: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  }
  try {
    const directory = await temporaryDirectory('stack')
    cleanUps.push(directory.remove)
    const { stop: stopGateway, url } = await startGateway(apiUrl(endpoint, apiId))
    cleanUps.push(stopGateway)
    const redeploy = async (change: Context): Promise<Outputs> =>
      await deploy(
        endpoint,
        directory.path,
        {
          // The emulator takes the id of an API from this tag.
          apiTag: `ms-custom-id=${apiId}`,
          externalUrl: url,
          ...(context['stackName'] !== undefined && { stackName: context['stackName'] }),
          ...change,
        },
        options.enforcesIam === true ? forTheEmulator : undefined,
      )
    const outputs = await redeploy(context)
    await mendFirstPassword(endpoint, outputs.FirstPasswordCommand)
    const password = await readFirstPassword(endpoint, outputs.FirstPasswordCommand)
    const admin = { name: 'admin', password }
    return {
      ...{ endpoint, url, outputs, admin, redeploy, stop },
      host: new URL(url).host,
      ask: askingAs(url, admin),
      destroy: async () => {
        await destroy(endpoint, directory.path)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
