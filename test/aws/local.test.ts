/** `npm run local:up` and what it leaves running, to clients as they are; and `npm run local:down`. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mendFirstPassword, readFirstPassword } from '../../infra/local/endpoint.ts'
import { readState } from '../../infra/local/state.ts'
import { isRunning } from '../../infra/local/background.ts'
import type { Login } from '../support/credentials.ts'
import { buildImage, startDockerd } from '../support/dockerd.ts'
import { blobsOf, digestOf, writeImage, writeIndex } from '../support/layout.ts'
import { runPodman } from '../support/podman.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { CREDENTIALS, startMinistack, type Endpoint } from '../tools/endpoints/start.ts'
import { askingAs } from './registry.ts'
import { makeProject, makeRobot, pushDirectly } from './stories.ts'

const LOCAL = join(import.meta.dirname, '..', '..', 'infra', 'local')

/** Runs a command to its end; answers its exit code and everything that it wrote. */
const run = async (
  command: 'up' | 'down',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  const child = spawn(process.execPath, [join(LOCAL, `${command}.ts`), ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (output += text.toString()))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

const isServed = async (url: string): Promise<boolean> =>
  await fetch(url).then(
    () => true,
    () => false,
  )

const read = (output: string, pattern: RegExp): string => pattern.exec(output)?.[1] ?? ''

let directory: TemporaryDirectory
let data = ''
/** An endpoint that somebody else runs, and what local:up does with it. */
let elsewhere: Endpoint
let dataElsewhere = ''
let firstElsewhere: Awaited<ReturnType<typeof run>>
let first: Awaited<ReturnType<typeof run>>
let url = ''
let host = ''
let admin: Login

beforeAll(async () => {
  directory = await temporaryDirectory('local')
  data = join(directory.path, 'data')
  dataElsewhere = join(directory.path, 'elsewhere')
  elsewhere = await startMinistack()
  // Side by side: deployments wait more than they work.
  ;[first, firstElsewhere] = await Promise.all([
    run('up', ['--port', '0', '--data', data]),
    run('up', ['--port', '0', '--data', dataElsewhere], { AWS_ENDPOINT_URL: elsewhere.endpoint }),
  ])
  url = read(first.output, /^Roadstead serves on (\S+)$/m)
  ;({ host } = new URL(url))
  admin = { name: 'admin', password: read(first.output, /^First password of admin: (.+)$/m) }
  await makeProject({ ask: askingAs(url, admin) }, 'team')
})

afterAll(async () => {
  await run('down', ['--data', data])
  await elsewhere.stop()
  await run('down', ['--data', dataElsewhere])
  await directory.remove()
})

describe('what local:up leaves running', () => {
  const workspace = provideWorkspace(() => ({ host, login: admin }))

  it('lets docker log in as it said, push, and pull into the empty store of another daemon', async () => {
    const command = read(first.output, /^ {2}(printf .*)$/m)
    const reference = `${host}/team/docker:v1`
    const pusher = await startDockerd(workspace(), 'pusher')
    try {
      await workspace().logIn(host, { name: 'admin', password: 'Wrong1234' })
      const env = { ...workspace().env, DOCKER_HOST: pusher.socket }
      const { stdout } = await promisify(execFile)('sh', ['-c', command], { env })
      expect(stdout).toContain('Login Succeeded')
      const id = await buildImage(workspace(), pusher, reference)
      await pusher.docker('push', reference)
      const puller = await startDockerd(workspace(), 'puller')
      try {
        await puller.docker('pull', reference)
        const inspected = await puller.docker('image', 'inspect', '--format', '{{.Id}}', reference)
        expect(inspected.trim()).toBe(id)
        // As roadstead push brings it, from the daemon itself.
        const direct = `${host}/team/direct:v1`
        await pushDirectly(
          { url, host },
          {
            ...{ as: admin, source: `docker:${reference}`, home: workspace().path },
            ...{ name: 'team/direct:v1', way: 'single', dockerHost: pusher.socket },
          },
        )
        await puller.docker('rmi', '--force', id)
        await puller.docker('pull', direct)
        const again = await puller.docker('image', 'inspect', '--format', '{{.Id}}', direct)
        expect(again.trim()).toBe(id)
      } finally {
        await puller.stop()
      }
    } finally {
      await pusher.stop()
    }
  })

  it('lets podman log in as a robot, push, and pull into an empty store', async () => {
    const ci = await makeRobot({ ask: askingAs(url, admin) }, 'team', ['pull', 'push'])
    const podman = async (store: string, ...args: readonly string[]): Promise<string> =>
      await runPodman(workspace(), store, ...args)
    const plain = '--tls-verify=false'
    await podman('one', 'logout', '--all')
    await podman('one', 'login', plain, '-u', ci.name, '-p', ci.password, host)
    const layout = await writeImage(await workspace().directory('image'))
    const reference = `${host}/team/podman:v1`
    const id = (await podman('one', 'pull', '--quiet', `oci:${layout.path}:v1`)).trim()
    await podman('one', 'push', plain, id, reference)
    expect((await podman('two', 'pull', '--quiet', plain, reference)).trim()).toBe(id)
    await expect(podman('one', 'push', plain, id, `${host}/library/podman:v1`)).rejects.toThrow(
      /denied|unauthorized/,
    )
  })

  it('gives oras, crane and skopeo an index of two architectures, byte for byte', async () => {
    const layout = await writeIndex(await workspace().directory('index'))
    const reference = `${host}/team/index:v1`
    const to = ['--to-plain-http', reference]
    const from = ['cp', '--no-tty', '--from-oci-layout', `${layout.path}:v1`]
    await workspace().run('oras', ...from, ...to)
    const digest = await workspace().run('crane', 'digest', '--insecure', reference)
    expect(digest.trim()).toBe(layout.digest)
    const pulled = join(workspace().path, 'pulled')
    await workspace().run(
      'skopeo',
      ...['--insecure-policy', 'copy', '--all', '--preserve-digests', '--src-tls-verify=false'],
      ...[`docker://${reference}`, `oci:${pulled}:v1`],
    )
    expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
    const platform = ['--platform', 'linux/arm64']
    const config = await workspace().run('crane', 'config', '--insecure', ...platform, reference)
    expect(JSON.parse(config)).toMatchObject({ architecture: 'arm64' })
  })

  it('gives helm the chart that it pushed', async () => {
    const { path, run: runIn } = workspace()
    const chart = join(path, 'harbour')
    await runIn('helm', 'create', chart)
    await runIn('helm', 'package', chart, '--version', '1.2.3', '--destination', path)
    const packed = await readFile(join(path, 'harbour-1.2.3.tgz'))
    const charts = `oci://${host}/team`
    await runIn('helm', 'push', join(path, 'harbour-1.2.3.tgz'), charts, '--plain-http')
    const pulled = await workspace().directory('pulled')
    const version = ['--version', '1.2.3', '--plain-http', '--destination', pulled]
    await runIn('helm', 'pull', `${charts}/harbour`, ...version)
    expect(digestOf(await readFile(join(pulled, 'harbour-1.2.3.tgz')))).toBe(digestOf(packed))
  })
})

describe('the commands', () => {
  it('say that it is running when it is, and change nothing', async () => {
    const before = readState(data)
    const second = await run('up', ['--data', data])
    expect(second).toMatchObject({ code: 0 })
    expect(second.output).toContain('It is running already.')
    expect(second.output).toContain(`Roadstead serves on ${url}\n`)
    expect(readState(data)).toEqual(before)
    expect((await askingAs(url, admin)('/projects/team')).status).toBe(200)
  })

  it.each([
    ['up', ['--port', 'many'], '--port: '],
    ['up', ['--prot', '1'], '--help'],
    ['down', ['--prot', '1'], '--help'],
  ] as const)('tell mistakes in one line: %s %j', async (command, args, sentence) => {
    const { code, output } = await run(command, args)
    expect(code).toBe(1)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(output).toContain(sentence)
  })

  it('end everything, and say so when there is nothing to end', async () => {
    const { door, emulator, endpoint } = readState(data) ?? {}
    const ended = await run('down', ['--data', data])
    expect(ended.code).toBe(0)
    for (const one of [door, emulator]) expect(one && (await isRunning(one))).toBe(false)
    expect([await isServed(url), await isServed(endpoint ?? '')]).toEqual([false, false])
    const again = await run('down', ['--data', data])
    expect(again).toEqual({ code: 0, output: 'Nothing is running.\n' })
  })
})

describe('a first password', () => {
  const settings = () => ({
    ...{ endpoint: elsewhere.endpoint, region: CREDENTIALS.AWS_REGION },
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  })

  it.each([
    ['without-a-Digit-as-the-emulator-makes-them', /^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[^-]{32}$/],
    ['Has0EveryKind', /^Has0EveryKind$/],
  ])('that is %s is one that a registry takes in the end', async (made, expected) => {
    const name = `first-password-${made}`
    const create = new CreateSecretCommand({ Name: name, SecretString: made })
    await new SecretsManagerClient(settings()).send(create)
    const command = `aws secretsmanager get-secret-value --secret-id ${name}`
    await mendFirstPassword(elsewhere.endpoint, command)
    expect(await readFirstPassword(elsewhere.endpoint, command)).toMatch(expected)
  })
})

describe('with AWS_ENDPOINT_URL', () => {
  it('deploys there, starts no emulator, and deletes the stack in the end', async () => {
    const { endpoint } = elsewhere
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = CREDENTIALS
    const client = new DynamoDBClient({
      ...{ endpoint, region: CREDENTIALS.AWS_REGION },
      credentials: { accessKeyId, secretAccessKey },
    })
    const tables = async () => (await client.send(new ListTablesCommand({}))).TableNames
    expect(firstElsewhere.code).toBe(0)
    expect(readState(dataElsewhere)).toMatchObject({ endpoint })
    expect(readState(dataElsewhere)?.emulator).toBeUndefined()
    expect(await tables()).toHaveLength(1)
    const there = read(firstElsewhere.output, /^Roadstead serves on (\S+)$/m)
    expect((await fetch(`${there}/v2/`)).status).toBe(401)
    expect(await run('down', ['--data', dataElsewhere])).toMatchObject({ code: 0 })
    expect(await isServed(there)).toBe(false)
    expect(await tables()).toEqual([])
  })
})
