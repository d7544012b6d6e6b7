import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gather } from '../../functions/server/gather.ts'
import { respond } from '../../functions/server/respond.ts'
import { answerSignedWrite } from '../../functions/server/signed-uploads.ts'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Clock, Delivery } from '../../shared/ports.ts'
import { DEAD_LETTERS } from '../../shared/table.ts'
import { kvContract } from './kv/contract.ts'
import { objectsContract } from './objects/contract.ts'
import { queueContract } from './queue/contract.ts'

/** How far the clock is put forward. */
let ahead = 0

const clock: Clock = {
  now: () => Date.now() + ahead,
  sleep: async (milliseconds) => {
    await sleep(milliseconds)
  },
}

const open = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'roadstead-contract-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const writes = { baseUrl: `http://127.0.0.1:${port}`, secret: 'secret' }
  const embedded = await openEmbedded(directory, { clock, writes })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const answer = answerSignedWrite(embedded.receive, request, gather)
    void (async () => {
      await respond(response, (await answer) ?? { status: 404, headers: {} }, false)
    })()
  })
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await embedded.close()
    await rm(directory, { recursive: true })
  }
  return { ...embedded, close }
}

kvContract('embedded', open)
objectsContract('embedded', open)
queueContract('embedded', async () => {
  const { close, kv, queue } = await open()
  const deadLetters = async (): Promise<readonly string[]> => {
    const { items } = await kv.query({ pk: DEAD_LETTERS, read: 'strong' })
    return items.map(({ text }) => String(text))
  }
  /** What failed rests for a while, for which nobody need wait. */
  const skipRest = (delivery: Delivery): Delivery => ({
    ...delivery,
    failed: async () => {
      await delivery.failed()
      ahead += 60_000
    },
  })
  const receive = async (limit: number) => (await queue.receive(limit)).map(skipRest)
  return { queue: { ...queue, receive }, deadLetters, close }
})
