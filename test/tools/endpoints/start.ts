import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory } from '../../../infra/local/cache.ts'
import { MINISTACK_HEALTH, ministackCommand } from '../../../infra/local/ministack.ts'
import { dynamodbLocalDirectory, localstackDirectory } from './install.ts'
import { freePort, startProcess, type Endpoint } from './process.ts'

export type { Endpoint }

/** What every local endpoint takes. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
} as const

/** Any answer but a broken connection will do: DynamoDB Local says 400 to a plain GET. */
const answers = (url: string) => async (): Promise<void> => {
  const response = await fetch(url)
  await response.body?.cancel()
}

export type MinistackOptions = {
  /** Whether policies are enforced. By default everybody may do everything. */
  readonly enforcesIam?: boolean
}

/** All services of MiniStack on a free port; nothing is kept. */
export const startMinistack = async ({
  enforcesIam = false,
}: MinistackOptions = {}): Promise<Endpoint> => {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  return await startProcess(endpoint, {
    ...ministackCommand(cacheDirectory(), { port, enforcesIam }),
    probe: answers(`${endpoint}${MINISTACK_HEALTH}`),
  })
}

/** DynamoDB Local on a free port, in memory. */
export const startDynamodbLocal = async (): Promise<Endpoint> => {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const directory = dynamodbLocalDirectory(cacheDirectory())
  // It writes a file of its own into the directory it is started in.
  const home = join(tmpdir(), `roadstead-dynamodb-${port}`)
  mkdirSync(home, { recursive: true })
  const started = await startProcess(endpoint, {
    program: 'java',
    args: [
      `-Duser.dir=${home}`,
      `-Djava.library.path=${directory}`,
      ...['-cp', join(directory, '*')],
      'software.amazon.dynamodb.services.local.main.ServerRunner',
      ...['-inMemory', '-port', String(port)],
    ],
    env: process.env,
    probe: answers(endpoint),
  })
  const stop = async (): Promise<void> => {
    await started.stop()
    rmSync(home, { recursive: true, force: true })
  }
  return { endpoint, stop }
}

/** Stands where LocalStack looks for the Java that it would download: the process that it wants to start runs already. */
const JAVA = `#!/bin/sh
while kill -0 "$PPID" 2>/dev/null; do sleep 1; done
`

/** What LocalStack finds installed below its root. */
const installedIn = (root: string): void => {
  const library = join(root, 'var', 'lib', 'localstack', 'lib')
  const java = join(library, 'java', '21', 'bin')
  const dynamodb = join(library, 'dynamodb-local', '2')
  for (const directory of [java, dynamodb]) mkdirSync(directory, { recursive: true })
  writeFileSync(join(java, 'java'), JAVA, { mode: 0o755 })
  writeFileSync(join(dynamodb, 'DynamoDBLocal.jar'), '')
}

/** LocalStack on a free port, before a DynamoDB Local of its own; nothing is kept. */
export const startLocalstack = async (): Promise<Endpoint> => {
  const dynamodb = await startDynamodbLocal()
  const root = mkdtempSync(join(tmpdir(), 'roadstead-localstack-'))
  const cleanUp = async (): Promise<void> => {
    await dynamodb.stop()
    rmSync(root, { recursive: true, force: true })
  }
  try {
    installedIn(root)
    const port = await freePort()
    const endpoint = `http://127.0.0.1:${port}`
    const started = await startProcess(endpoint, {
      program: join(localstackDirectory(cacheDirectory()), 'bin', 'python'),
      args: ['-m', 'localstack.runtime.main'],
      env: {
        ...process.env,
        AWS_CA_BUNDLE: undefined,
        AWS_EC2_METADATA_DISABLED: 'true',
        // Or a container around the tests makes it believe that it is its own.
        OVERRIDE_IN_DOCKER: '0',
        FILESYSTEM_ROOT: root,
        XDG_CACHE_HOME: root,
        GATEWAY_LISTEN: `127.0.0.1:${port}`,
        GATEWAY_SERVER: 'hypercorn',
        LOCALSTACK_HOST: `localhost:${port}`,
        DYNAMODB_LOCAL_PORT: new URL(dynamodb.endpoint).port,
        DYNAMODB_IN_MEMORY: '1',
        PROVIDER_OVERRIDE_DYNAMODB: 'v2',
        SQS_ENDPOINT_STRATEGY: 'path',
        S3_SKIP_SIGNATURE_VALIDATION: '0',
        // Nothing is looked up, downloaded or reported.
        DNS_ADDRESS: '0',
        SKIP_SSL_CERT_DOWNLOAD: '1',
        DISABLE_EVENTS: '1',
      },
      probe: answers(`${endpoint}/_localstack/health`),
    })
    const stop = async (): Promise<void> => {
      await started.stop()
      await cleanUp()
    }
    return { endpoint, stop }
  } catch (error) {
    await cleanUp()
    throw error
  }
}
