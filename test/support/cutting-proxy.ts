import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

export type CuttingProxy = {
  /** Address and port, as in an image reference. */
  readonly host: string
  /** How often it has cut. */
  readonly cuts: () => number
  readonly close: () => Promise<void>
}

/**
 * A TCP proxy in front of `target` that breaks a connection once, when clients have sent `afterBytes` in all: the bytes
 * up to there arrive, the answer never comes.
 */
export const startCuttingProxy = async (
  target: string,
  afterBytes: number,
): Promise<CuttingProxy> => {
  const { hostname, port } = new URL(`http://${target}`)
  const sockets = new Set<Socket>()
  let cuts = 0
  let sent = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    upstream.pipe(client)
    client.on('data', (bytes) => {
      sent += bytes.byteLength
      if (cuts > 0 || sent < afterBytes) {
        if (!upstream.write(bytes)) {
          client.pause()
          upstream.once('drain', () => client.resume())
        }
        return
      }
      cuts += 1
      client.resetAndDestroy()
      upstream.end(bytes.subarray(0, bytes.byteLength - (sent - afterBytes)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${addressOf(server.address()).port}`,
    cuts: () => cuts,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const addressOf = (address: AddressInfo | string | null): AddressInfo => {
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return address
}
