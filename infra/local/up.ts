/** `npm run local:up`: the stack on an emulated AWS of this machine, left running in the background. */
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { contextFlags, deployApp, DeployError, type CdkOptions } from '../cdk.ts'
import { isRunning, startInBackground } from './background.ts'
import { cacheDirectory } from './cache.ts'
import { assemblyIn, endLocal, environmentFor, LOCAL_CONTEXT } from './end.ts'
import {
  apiUrl,
  EMULATOR_ACCOUNT,
  EMULATOR_CREDENTIALS,
  mendFirstPassword,
  readFirstPassword,
} from './endpoint.ts'
import { print, runLocal } from './main.ts'
import {
  installMinistack,
  isMinistackInstalled,
  MINISTACK_HEALTH,
  ministackCommand,
} from './ministack.ts'
import type { LocalOptions } from './options.ts'
import { readState, writeState, type State } from './state.ts'

const DOOR = join(import.meta.dirname, 'door.ts')

/** Whether something answers, whatever it says. */
const answers = async (url: string): Promise<boolean> => {
  try {
    const answer = await fetch(url)
    await answer.body?.cancel()
    return true
  } catch {
    return false
  }
}

/** A port that nobody listens on: the one that is wanted, or any. */
const freePort = async (wanted: number): Promise<number> => {
  const server = createServer().listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new DeployError(`port ${wanted} is taken; --port names another one`, { cause: error })
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

const startEmulator = async (data: string): Promise<State> => {
  if (!isMinistackInstalled(cacheDirectory())) {
    print('Installing MiniStack (once) ...')
    await installMinistack(cacheDirectory())
  }
  print('Starting MiniStack ...')
  const port = await freePort(0)
  const state: { -readonly [Name in keyof State]: State[Name] } = {
    endpoint: `http://127.0.0.1:${port}`,
  }
  await startInBackground(
    data,
    'emulator',
    ministackCommand(cacheDirectory(), { port }),
    (started) => {
      state.emulator = started
      writeState(data, state)
    },
    async () => await answers(`${state.endpoint}${MINISTACK_HEALTH}`),
  )
  return state
}

/** Deploys the stack to an endpoint, and puts a front door before it. */
const deployTo = async (options: LocalOptions, begun: State): Promise<State> => {
  const { data } = options
  const { endpoint } = begun
  const file = join(data, 'deploy.log')
  rmSync(file, { force: true })
  const cdk: CdkOptions = {
    env: environmentFor(endpoint),
    log: (text) => {
      appendFileSync(file, text)
    },
  }
  const port = await freePort(options.port)
  const url = `http://127.0.0.1:${port}`
  print(`Deploying to ${endpoint}, which takes about half a minute; ${file} tells more ...`)
  const region = process.env['AWS_REGION'] ?? EMULATOR_CREDENTIALS.AWS_REGION
  const context = { ...LOCAL_CONTEXT, externalUrl: url }
  const [made] = await deployApp(contextFlags(Object.entries(context)), {
    ...cdk,
    prepared: {
      environment: `aws://${EMULATOR_ACCOUNT}/${region}`,
      assembly: assemblyIn(data),
    },
  })
  if (made === undefined) throw new Error('nothing was deployed')
  const { ApiId: apiId, FirstPasswordCommand: firstPasswordCommand } = made
  await mendFirstPassword(endpoint, firstPasswordCommand)
  let state: State = { ...begun, stack: { url, firstPasswordCommand } }
  writeState(data, state)
  await startInBackground(
    data,
    'door',
    {
      program: process.execPath,
      args: [DOOR, String(port), apiUrl(endpoint, apiId).href],
      env: process.env,
    },
    (door) => {
      state = { ...state, door }
      writeState(data, state)
    },
    async () => await answers(`${url}/v2/`),
  )
  return state
}

const isUp = async ({ door, stack }: State): Promise<boolean> =>
  door !== undefined &&
  stack !== undefined &&
  (await isRunning(door)) &&
  (await answers(`${stack.url}/v2/`))

/** As one word of a shell: an emulator may put any character into it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const show = async ({ endpoint, stack }: State): Promise<void> => {
  if (stack === undefined) return
  const { host } = new URL(stack.url)
  const password = await readFirstPassword(endpoint, stack.firstPasswordCommand)
  print(`
Roadstead serves on ${stack.url}
AWS is played at ${endpoint}
First password of admin: ${password}

  printf %s ${quoted(password)} | docker login -u admin --password-stdin ${host}
  docker tag alpine ${host}/library/alpine && docker push ${host}/library/alpine

npm run local:down ends it.`)
}

await runLocal('local:up', async (options) => {
  const { data, endpoint } = options
  const known = readState(data)
  if (known !== undefined && (await isUp(known))) {
    print('It is running already.')
    await show(known)
    return
  }
  // What a command that was interrupted, or a machine that was restarted, has left.
  if (known !== undefined) await endLocal(data, known)
  mkdirSync(data, { recursive: true })
  try {
    const begun = endpoint === undefined ? await startEmulator(data) : { endpoint }
    await show(await deployTo(options, begun))
  } catch (error) {
    const left = readState(data)
    if (left !== undefined) await endLocal(data, left).catch(() => undefined)
    throw error
  }
})
