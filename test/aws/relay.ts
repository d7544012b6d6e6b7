import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { BUNDLE_NAME, bundle } from '../../infra/bundle.ts'
import { eventually } from '../support/eventually.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { freePort } from '../tools/endpoints/process.ts'
import { secretOf } from '../../infra/local/endpoint.ts'
import type { DeployedRegistry } from './registry.ts'

const KIB = 1024

export type Relay = {
  readonly url: string
  readonly host: string
  /** The most memory that it ever had. */
  readonly peakBytes: () => Promise<number>
  /** Every line of its log so far. */
  readonly log: () => string
  /** Ends it politely; answers its exit code. */
  readonly stop: () => Promise<number | null>
}

/** What the stack tells the relay of a deployment. */
export const environmentOf = async ({ endpoint, outputs }: DeployedRegistry) => {
  const sqs = new SQSClient({
    endpoint,
    region: CREDENTIALS.AWS_REGION,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  })
  const { QueueUrls: urls = [] } = await sqs.send(new ListQueuesCommand({}))
  return {
    ...CREDENTIALS,
    AWS_ENDPOINT_URL: endpoint,
    TABLE_NAME: outputs.TableName,
    BUCKET_NAME: outputs.BucketName,
    QUEUE_URL: urls.find((url) => url.includes('Messages')) ?? '',
    ADMIN_SECRET: secretOf(outputs.FirstPasswordCommand),
    CREATE_PROJECTS_ON_PUSH: 'false',
    ALLOW_SPARSE: 'false',
  }
}

/** Runs the bundle of the relay as its container does, but for the container. */
export const startRelay = async (env: Readonly<Record<string, string>>): Promise<Relay> => {
  const { directory } = bundle('functions/relay/main.ts', 'container')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=4', join(directory, `${BUNDLE_NAME}.mjs`)],
    {
      // Nothing of this process: what the stack tells it has to be enough.
      env: { ...env, LISTEN_HOST: '127.0.0.1', LISTEN_PORT: String(port), EXTERNAL_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (said += text.toString()))
  }
  const closed = once(child, 'close')
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await closed
    return child.exitCode
  }
  await eventually('the relay is ready', async () => {
    if (child.exitCode !== null) throw new Error(`the relay ended: ${said}`)
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    return answer?.status === 200 ? true : undefined
  })
  return {
    ...{ url, host: new URL(url).host, stop, log: () => said },
    peakBytes: async () => {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8')
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * KIB
    },
  }
}
