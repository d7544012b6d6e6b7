/** A registry on endpoints that speak AWS, of which everything is counted that AWS asks money for. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { surroundDynamodb } from '../../shared/aws/around.ts'
import { createAwsKv } from '../../shared/aws/kv.ts'
import { openAws } from '../../shared/aws/open.ts'
import type { AwsCall } from '../../shared/aws/settings.ts'
import { createFaults } from '../aws/faults.ts'
import { createInstance, prepare } from '../aws/instance.ts'
import { createBucket, createTable } from '../aws/store.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'
import { NOTHING, type Usage } from './bill.ts'
import type { Prices } from './prices.ts'

const capacity = z.object({ CapacityUnits: z.number() })
const consumed = z.object({
  ConsumedCapacity: z.union([capacity.transform((one) => [one]), z.array(capacity)]),
})

const READS = ['GetItem', 'BatchGetItem', 'Query'].map((name) => `${name}Command`)
/** Reading costs S3's lower price; a copy is a put. */
const isGet = (command: string): boolean => /^(Get|Head)/.test(command)

/** Has a client ask for the units of every call, and tells of them. */
const countUnits = (
  client: DynamoDBClient,
  counted: (kind: 'read' | 'write', units: number) => void,
): void => {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const answer = await next({
          ...args,
          input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' },
        })
        const { ConsumedCapacity: each } = consumed.parse(answer.output)
        for (const { CapacityUnits: units } of each) {
          counted(READS.includes(commandName) ? 'read' : 'write', units)
        }
        return answer
      },
    { step: 'initialize', name: 'countUnits' },
  )
}

export type Asked = {
  readonly method?: string
  readonly body?: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

/** `dynamodb`: one that knows of units; `s3`: any. */
export const createCounted = async (
  endpoints: { readonly dynamodb: string; readonly s3: string },
  { meters }: Prices,
) => {
  Object.assign(process.env, CREDENTIALS)
  const region = CREDENTIALS.AWS_REGION
  const [table, bucket] = [await createTable(endpoints.dynamodb), await createBucket(endpoints.s3)]
  const faults = createFaults()
  const client = new DynamoDBClient({ maxAttempts: 1, region, endpoint: endpoints.dynamodb })
  surroundDynamodb(client, faults.around)
  const units = { read: 0, write: 0 }
  countUnits(client, (kind, count) => {
    units[kind] += count
  })
  const settings = { table, bucket, region, endpoint: endpoints.s3, around: faults.around }
  const { objects } = openAws(settings)
  const instance = createInstance({ kv: createAwsKv(client, table), objects })
  const token = await prepare(instance)

  /** What some work uses, requests aside, and the calls that it makes. */
  const count = async <T>(
    work: () => Promise<T>,
  ): Promise<{ usage: Usage; answer: T; calls: readonly AwsCall[] }> => {
    faults.plan()
    Object.assign(units, { read: 0, write: 0 })
    const answer = await work()
    const s3 = faults.calls().filter(({ service }) => service === 's3')
    const gets = s3.filter(({ command }) => isGet(command)).length
    return {
      answer,
      calls: faults.calls(),
      usage: {
        ...NOTHING,
        ...{ roundTrips: faults.roundTrips(), readUnits: units.read, writeUnits: units.write },
        ...{ gets, puts: s3.length - gets },
      },
    }
  }

  return {
    store: instance.store,
    objects,
    count,
    table,
    /** One request, and what it uses. */
    ask: async (path: string, { body, headers, method = 'GET' }: Asked = {}) => {
      const sent = typeof body === 'string' ? Buffer.from(body) : body
      const { answer, usage } = await count(
        async () =>
          await instance.app.request(path, {
            method,
            headers: {
              Authorization: `Bearer ${token}`,
              ...(sent !== undefined && { 'Content-Length': String(sent.byteLength) }),
              ...headers,
            },
            ...(sent !== undefined && { body: Buffer.from(sent) }),
          }),
      )
      if (answer.status >= 500) throw new Error(`${method} ${path} answers ${answer.status}`)
      const received = Number(answer.headers.get('Content-Length') ?? 0)
      const largest = Math.max(sent?.byteLength ?? 0, method === 'HEAD' ? 0 : received, 1)
      const gatewayRequests = Math.ceil(largest / meters.apiGatewayRequestBytes)
      return { answer, usage: { ...usage, requests: 1, gatewayRequests } }
    },
  }
}

export type Counted = Awaited<ReturnType<typeof createCounted>>
