import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { openAws } from '../../shared/aws/open.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { createBucket, createTable } from '../aws/store.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { createTestApp } from './app.ts'

export type AwsRegistry = {
  readonly host: string
  /** The bucket that it keeps blobs in. */
  readonly bucket: string
  /** Bytes that came as bodies of requests. */
  readonly receivedBytes: () => number
  /** Errors that were not the client's. */
  readonly failures: readonly unknown[]
  readonly stop: () => Promise<void>
}

/** The distribution API in this process on a fresh table and a fresh bucket of an endpoint; everybody may do everything. */
export const startAwsRegistry = async (endpoint: string): Promise<AwsRegistry> => {
  Object.assign(process.env, CREDENTIALS)
  const region = CREDENTIALS.AWS_REGION
  const [table, bucket] = [await createTable(endpoint), await createBucket(endpoint)]
  const { kv, objects } = openAws({ table, bucket, region, endpoint })
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  const { app, failures } = createTestApp({
    hashing: createPortableHashing(),
    context: {
      ...{ store, objects, limits: DEFAULT_LIMITS, allowSparse: false },
      repositories: createRepositories(store, { createProjectsOnPush: true }),
    },
  })
  let received = 0
  const listener = getRequestListener(app.fetch)
  const server = createServer((request, response) => {
    received += Number(request.headers['content-length'] ?? 0)
    void listener(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ bucket, failures, receivedBytes: () => received },
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
