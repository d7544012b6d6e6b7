import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

/** An endpoint at which somebody else is deploying, until it is over. */
export type BusyAws = {
  readonly url: string
  readonly release: () => void
  readonly stop: () => Promise<void>
}

/** As CloudFormation answers to a change of a stack that is changing. No emulator does. */
const refuse = (outgoing: ServerResponse): void => {
  const message =
    'Stack:arn:aws:cloudformation:us-east-1:000000000000:stack/Busy/1 is in UPDATE_IN_PROGRESS state and can not be updated.'
  outgoing.writeHead(400, { 'content-type': 'text/xml' })
  outgoing.end(
    `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>` +
      `<Code>ValidationError</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  )
}

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Stands before an emulator, and lets through everything but the change of a stack. */
export const startBusyAws = async (endpoint: string): Promise<BusyAws> => {
  let isBusy = true
  const { hostname, port } = new URL(endpoint)
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readBody(incoming)
    if (isBusy && body.includes('Action=CreateChangeSet')) {
      refuse(outgoing)
      return
    }
    const { headers, method, url: path } = incoming
    const passed = request({ hostname, port, path, method, headers })
    passed.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.once('error', () => outgoing.destroy())
    passed.end(body)
  }
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = address === null || typeof address === 'string' ? 0 : address.port
  return {
    url: `http://127.0.0.1:${own}`,
    release: () => {
      isBusy = false
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
