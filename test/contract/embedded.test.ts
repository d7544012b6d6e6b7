import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Clock } from '../../shared/ports.ts'
import { kvContract } from './kv/contract.ts'
import { objectsContract } from './objects/contract.ts'

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds) => {
    await sleep(milliseconds)
  },
}

const open = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'roadstead-contract-'))
  const embedded = await openEmbedded(directory, { clock })
  const close = async (): Promise<void> => {
    await embedded.close()
    await rm(directory, { recursive: true })
  }
  return { ...embedded, close }
}

kvContract('embedded', open)
objectsContract('embedded', open)
