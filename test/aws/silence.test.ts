/** What an endpoint does that neither answers nor hangs up. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

const closers: (() => void)[] = []

beforeAll(() => {
  Object.assign(process.env, CREDENTIALS)
})

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** The ports over an endpoint that treats every request like this. */
const openOver = async (listener: RequestListener): Promise<ReturnType<typeof openAws>> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  const endpoint = `http://127.0.0.1:${port}`
  return openAws({ table: 'table', bucket: 'bucket', region: CREDENTIALS.AWS_REGION, endpoint })
}

describe('an endpoint that says nothing', () => {
  it('is given up on, and a write has an unknown outcome', async () => {
    const { kv, objects } = await openOver(() => undefined)
    const key = { pk: 'p', sk: 's' }
    await Promise.all([
      expect(kv.write({ op: 'put', item: key })).rejects.toMatchObject({ failure: 'unknown' }),
      expect(kv.get(key, 'strong')).rejects.toMatchObject({ failure: 'unavailable' }),
      expect(objects.put('key', [], { ifAbsent: true })).rejects.toMatchObject({
        failure: 'unknown',
      }),
    ])
  })
})

describe('a body that breaks off', () => {
  it('fails the reader as unavailable, after what had come', async () => {
    const { objects } = await openOver((incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 10 })
      if (incoming.method === 'HEAD') outgoing.end()
      else outgoing.write('12345', () => outgoing.destroy())
    })
    const stored = await objects.get('key')
    expect(stored?.sizeBytes).toBe(10)
    let bytes = 0
    const read = async (): Promise<void> => {
      for await (const chunk of stored?.body ?? []) bytes += chunk.byteLength
    }
    await expect(read()).rejects.toMatchObject({ failure: 'unavailable' })
    expect(bytes).toBe(5)
  })
})
