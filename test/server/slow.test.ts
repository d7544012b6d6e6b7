import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, it } from 'vitest'
import { timedBody, type BodyTimes } from '../../functions/server/timed-body.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import { eventually } from '../support/eventually.ts'

const servers: Server[] = []
afterEach(() => {
  for (const each of servers.splice(0)) {
    each.closeAllConnections()
    each.close()
  }
})

/** A server that takes a body within given times, and says what it made of it. */
const serve = async (times: BodyTimes): Promise<number> => {
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      let bytes = 0
      try {
        for await (const batch of timedBody(request, times)) {
          for (const piece of batch) bytes += piece.byteLength
        }
        response.end(`took ${bytes}`)
      } catch (error) {
        response.writeHead(error instanceof RegistryError ? error.status : 500)
        response.end()
      }
    }
    void take()
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const HEAD = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'

const open = async (port: number) => {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (text: Buffer) => (answer += text.toString()))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(HEAD)
  return { socket, answer: () => answer }
}

describe('a body', () => {
  it('that pauses too long is given up with an answer', async () => {
    const port = await serve({ idleMs: 50, windowMs: 60_000, minWindowBytes: 1 })
    const { socket, answer } = await open(port)
    socket.write('abc')
    await eventually('408', () => (answer().startsWith('HTTP/1.1 408') ? true : undefined))
    socket.destroy()
  })

  it('that drips is given up with an answer', async () => {
    const port = await serve({ idleMs: 60_000, windowMs: 20, minWindowBytes: 1_000 })
    const { socket, answer } = await open(port)
    const drip = setInterval(() => socket.write('a'), 10)
    await eventually('408', () => (answer().startsWith('HTTP/1.1 408') ? true : undefined))
    clearInterval(drip)
    socket.destroy()
  })

  it('that comes in time is taken whole', async () => {
    const port = await serve({ idleMs: 5_000, windowMs: 5_000, minWindowBytes: 1 })
    const { socket, answer } = await open(port)
    socket.write('a'.repeat(100))
    await eventually('200', () => (answer().includes('took 100') ? true : undefined))
    socket.destroy()
  })
})
