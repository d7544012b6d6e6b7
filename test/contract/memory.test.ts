import { openMemory } from '../../shared/memory/open.ts'
import { kvContract } from './kv/contract.ts'
import { objectsContract } from './objects/contract.ts'
import { queueContract } from './queue/contract.ts'

const close = async (): Promise<void> => {
  await Promise.resolve()
}

const open = async () => await Promise.resolve({ ...openMemory(), close })

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
