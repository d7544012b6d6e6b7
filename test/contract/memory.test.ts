import { openMemory } from '../../shared/memory/open.ts'
import { kvContract } from './kv/contract.ts'
import { objectsContract } from './objects/contract.ts'
import { queueContract } from './queue/contract.ts'
import type { Send } from './objects/subject.ts'

const close = async (): Promise<void> => {
  await Promise.resolve()
}

const open = async () => {
  const { send, ...ports } = openMemory()
  const sendSigned: Send = async ({ url }, body, method = 'PUT') => await send(method, url, body)
  return await Promise.resolve({ ...ports, send: sendSigned, close })
}

kvContract('memory', open)
objectsContract('memory', open)
queueContract('memory', async () => {
  const { queue } = openMemory()
  return await Promise.resolve({
    queue,
    deadLetters: () => Promise.resolve(queue.deadLetters()),
    close,
  })
})
