import { join } from 'node:path'
import { memoryOf } from './memory.ts'
import type { Row } from './numbers.ts'
import type { BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { NAMES, startServer, turns } from './servers.ts'
import type { Name } from './servers.ts'

/** From the start of the process to its first answer: the first time ever, and once its data are there. */
export const start = async (
  { rounds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  const rows = createRows()
  for (let round = 0; round < rounds; round += 1) {
    for (const name of turns(round, NAMES)) {
      progress(`round ${round + 1}: start of ${name}`)
      const fresh = join(directory, `start-${round}`)
      rows.add('first start', 'ms', false, name, await startOnce(name, fresh, rows))
      rows.add('start with data', 'ms', false, name, await startOnce(name, fresh))
    }
  }
  return rows.list()
}

const startOnce = async (
  name: Name,
  directory: string,
  rows?: ReturnType<typeof createRows>,
): Promise<number> => {
  const server = await startServer(name, directory)
  try {
    const memory = await memoryOf(server.pid)
    if (memory !== undefined) rows?.add('memory when idle', 'MB', false, name, memory.now)
    return server.startMs
  } finally {
    await server.stop()
  }
}
