import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory } from '../locate.ts'
import { dynamodbLocalDirectory, ministackDirectory } from './install.ts'
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

/** All services of MiniStack on a free port; nothing is kept. It must not see credentials: functions inherit them. */
export const startMinistack = async ({
  enforcesIam = false,
}: MinistackOptions = {}): Promise<Endpoint> => {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  return await startProcess(endpoint, {
    program: join(ministackDirectory(cacheDirectory()), 'bin', 'python'),
    args: ['-m', 'ministack'],
    env: {
      ...process.env,
      AWS_CA_BUNDLE: undefined,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: 'localhost',
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      ...(enforcesIam && { AUTH: 'true' }),
    },
    probe: answers(`${endpoint}/_ministack/health`),
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
