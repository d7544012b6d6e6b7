/** What no emulator does: answers of AWS under load and in trouble, given over HTTP as AWS gives them. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import { createAwsQueue } from '../../shared/aws/queue.ts'
import type { Kv, Objects, PortFailure, Queue, TransactOperation } from '../../shared/ports.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

type Answer = { readonly status: number; readonly body: string } | 'hangs up'

let answer: Answer = 'hangs up'
let calls = 0
let connections = 0
let server: Server
let kv: Kv
let objects: Objects
let queue: Queue

beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS)
  server = createServer((incoming, outgoing) => {
    calls += 1
    incoming.resume()
    if (answer === 'hangs up') {
      incoming.destroy()
      return
    }
    outgoing.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
    outgoing.end(answer.body)
  }).listen(0, '127.0.0.1')
  server.on('connection', () => {
    connections += 1
  })
  await once(server, 'listening')
  const address = server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  const endpoint = `http://127.0.0.1:${port}`
  const settings = { table: 'table', bucket: 'bucket', region: CREDENTIALS.AWS_REGION, endpoint }
  ;({ kv, objects } = openAws(settings))
  queue = createAwsQueue({ ...settings, url: `${endpoint}/000000000000/queue` })
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const dynamodb = (status: number, type: string, more: object = {}): Answer => ({
  status,
  body: JSON.stringify({
    __type: `com.amazonaws.dynamodb.v20120810#${type}`,
    message: type,
    ...more,
  }),
})

const s3 = (status: number, code: string): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
})

const key = { pk: 'p', sk: 's' }
const put: TransactOperation = { op: 'put', item: key, conditions: [{ kind: 'absent' }] }
const transact = async (given: Answer) => {
  answer = given
  return await kv.transact([put, { op: 'delete', key: { pk: 'p', sk: 't' } }], 'token')
}
const cancelled = (...codes: readonly string[]): Answer =>
  dynamodb(400, 'TransactionCanceledException', {
    CancellationReasons: codes.map((Code) => ({ Code })),
  })

/** Every failure as it is answered, and as a write and a read must report it. */
const FAILURES: readonly (readonly [string, Answer, PortFailure, PortFailure])[] = [
  ['throttling', dynamodb(400, 'ThrottlingException'), 'throttled', 'throttled'],
  [
    'too little throughput',
    dynamodb(400, 'ProvisionedThroughputExceededException'),
    'throttled',
    'throttled',
  ],
  ['an error inside AWS', dynamodb(500, 'InternalServerError'), 'unknown', 'unavailable'],
  ['a connection that breaks', 'hangs up', 'unknown', 'unavailable'],
  ['a missing permission', dynamodb(400, 'AccessDeniedException'), 'unavailable', 'unavailable'],
]

describe('the table', () => {
  it.each(FAILURES)(
    '%s fails a write and a read as the ports say',
    async (_, given, write, read) => {
      answer = given
      await expect(kv.write(put)).rejects.toMatchObject({ failure: write })
      await expect(kv.batchWrite([{ op: 'delete', key }])).rejects.toMatchObject({ failure: write })
      await expect(kv.transact([put], 'token')).rejects.toMatchObject({ failure: write })
      await expect(kv.get(key, 'strong')).rejects.toMatchObject({ failure: read })
      await expect(kv.query({ pk: 'p', read: 'strong' })).rejects.toMatchObject({ failure: read })
    },
  )

  it('a conditional write is sent once, whatever becomes of it', async () => {
    for (const given of [dynamodb(500, 'InternalServerError'), 'hangs up'] as const) {
      answer = given
      calls = 0
      await expect(kv.write(put)).rejects.toMatchObject({ failure: 'unknown' })
      expect(calls).toBe(1)
    }
  })

  it('a write that met a transaction is a conflict', async () => {
    answer = dynamodb(400, 'TransactionConflictException')
    expect(await kv.write(put)).toBe('conflict')
  })

  it('a cancelled transaction says per operation what was in its way', async () => {
    expect(await transact(cancelled('TransactionConflict', 'None'))).toEqual({
      done: false,
      reasons: ['conflict', undefined],
    })
    expect(await transact(cancelled('ConditionalCheckFailed', 'TransactionConflict'))).toEqual({
      done: false,
      reasons: ['condition', 'conflict'],
    })
  })

  it('a transaction whose first call is still under way may be done', async () => {
    await expect(transact(dynamodb(400, 'TransactionInProgressException'))).rejects.toMatchObject({
      failure: 'unknown',
    })
  })

  it.each(['ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'a transaction cancelled by %s was throttled',
    async (code) => {
      await expect(transact(cancelled('None', code))).rejects.toMatchObject({
        failure: 'throttled',
      })
    },
  )
})

describe('what a batch leaves undone', () => {
  it('is named to the caller, of reads and of writes', async () => {
    const keys = [{ pk: { S: 'p' }, sk: { S: 's' } }]
    answer = { status: 200, body: JSON.stringify({ UnprocessedKeys: { table: { Keys: keys } } }) }
    expect(await kv.batchGet([key], 'strong')).toEqual({ items: [], unprocessed: [key] })
    const left = [
      { PutRequest: { Item: { ...keys[0], n: { N: '1' } } } },
      { DeleteRequest: { Key: { pk: { S: 'p' }, sk: { S: 't' } } } },
    ]
    answer = { status: 200, body: JSON.stringify({ UnprocessedItems: { table: left } }) }
    const writes = [
      { op: 'put', item: { ...key, n: 1 } },
      { op: 'delete', key: { pk: 'p', sk: 't' } },
    ] as const
    expect(await kv.batchWrite(writes)).toEqual({ unprocessed: writes })
  })
})

describe('calls of one client', () => {
  it('share a connection', async () => {
    answer = { status: 200, body: '{}' }
    await kv.get(key, 'strong')
    const before = connections
    for (let made = 0; made < 10; made += 1) await kv.get(key, 'strong')
    expect(connections).toBe(before)
  })
})

describe('the bucket', () => {
  it('asked to slow down, it is asked three times and was throttled, and nothing was done', async () => {
    answer = s3(503, 'SlowDown')
    for (const ifAbsent of [true, false]) {
      calls = 0
      await expect(objects.put('key', [], { ifAbsent })).rejects.toMatchObject({
        failure: 'throttled',
      })
      expect(calls).toBe(3)
    }
  })

  it('a conditional put is sent once, and nobody knows what became of it', async () => {
    answer = s3(500, 'InternalError')
    calls = 0
    await expect(objects.put('key', [], { ifAbsent: true })).rejects.toMatchObject({
      failure: 'unknown',
    })
    expect(calls).toBe(1)
  })

  it('another put of the key under way: this one was not done', async () => {
    answer = s3(409, 'ConditionalRequestConflict')
    await expect(objects.put('key', [], { ifAbsent: true })).rejects.toMatchObject({
      failure: 'throttled',
    })
  })

  it('a list that failed was not made', async () => {
    answer = s3(500, 'InternalError')
    await expect(objects.list('prefix')).rejects.toMatchObject({ failure: 'unavailable' })
  })

  it('a completion that S3 refuses for a small part or an unknown upload says so', async () => {
    const complete = async () =>
      await objects.multipart.complete('key', 'id', [{ number: 1, etag: 'e' }], { ifAbsent: true })
    answer = s3(400, 'EntityTooSmall')
    expect(await complete()).toBe('partTooSmall')
    answer = s3(404, 'NoSuchUpload')
    expect(await complete()).toBe('unknownUpload')
    answer = s3(412, 'PreconditionFailed')
    expect(await complete()).toBe('exists')
    // S3 answers 200 at first, to keep the connection, and may fail afterwards.
    answer = s3(200, 'InternalError')
    await expect(complete()).rejects.toMatchObject({ failure: 'unknown' })
  })
})

const sqs = (status: number, type: string): Answer => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: type }),
})

describe('the queue', () => {
  const SENDS: readonly (readonly [string, Answer, PortFailure, number])[] = [
    ['a connection that breaks', 'hangs up', 'unknown', 3],
    ['an error inside AWS', sqs(500, 'InternalError'), 'unknown', 3],
    ['throttling', sqs(400, 'ThrottlingException'), 'throttled', 3],
    ['a missing permission', sqs(403, 'AccessDeniedException'), 'unavailable', 1],
    ['a queue that is gone', sqs(400, 'QueueDoesNotExist'), 'unavailable', 1],
  ]
  it.each(SENDS)(
    '%s fails a send, which may safely be repeated',
    async (_, given, failure, made) => {
      answer = given
      calls = 0
      await expect(queue.send('text')).rejects.toMatchObject({ failure })
      expect(calls).toBe(made)
    },
  )
})
