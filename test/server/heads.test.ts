import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { startServer, type RunningServer } from '../support/server.ts'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

/** Sends text, and nothing more after `end`; answers everything that comes back until the server hangs up. */
const exchange = async (text: string, { end = false } = {}): Promise<string> => {
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  if (end) socket.end(text)
  else socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('a client that does not keep to HTTP', () => {
  it(
    'and sends the head of its request too slowly is hung up on',
    { timeout: 40_000 },
    async () => {
      expect(await exchange('GET /v2/ HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /)
    },
  )

  it.each([
    ['more', 3, 'abcdef\r\n\r\n'],
    ['less', 5, 'abc'],
  ])('and sends %s than it announced is hung up on', async (_what, length, body) => {
    const path = `/v2/p/a/blobs/uploads/?digest=${digestOf('abcde')}`
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`
    expect(await exchange(`${head}${body}`, { end: true })).not.toContain('201')
    const { status } = await fetch(`${server.url}/v2/p/a/blobs/${digestOf('abcde')}`)
    expect(status).toBe(404)
  })

  it('and announces a length that is none is refused', async () => {
    for (const length of ['-1', 'many', '1, 2']) {
      const head = `POST /v2/p/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}`
      expect(await exchange(`${head}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    }
  })
})
