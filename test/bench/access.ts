import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { getLoad } from './load.ts'
import type { Row } from './numbers.ts'
import type { BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { expectStatus, seed, tagName } from './seed.ts'
import { startServer, turns, type Server } from './servers.ts'
import { findTool } from './tools.ts'

const REPOSITORY = 'bench/access'
const PASSWORD = 'Benchmark-1'
const basic = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`

/** What access control costs a read: the same manifest by tag, open to everybody, and with a token. */
export const access = async (
  { rounds, seconds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  await findTool('wrk')
  const homes = { open: join(directory, 'open'), closed: join(directory, 'closed') }
  const first = await startServer('roadstead', homes.open)
  await seed(first, REPOSITORY, 1)
  await first.stop()
  await cp(homes.open, homes.closed, { recursive: true })
  const open = await startServer('roadstead', homes.open)
  const closed = await startServer('roadstead', homes.closed, PASSWORD)
  try {
    const rows = createRows()
    for (let round = 0; round < rounds; round += 1) {
      for (const server of turns(round, [open, closed])) {
        const name = server === open ? 'open to everybody' : 'with a token'
        progress(`round ${round + 1}: ${name}`)
        // Good for five minutes: a new one each round.
        const headers = server === open ? [] : [`Authorization: Bearer ${await tokenOf(server)}`]
        const url = `${server.url}/v2/${REPOSITORY}/manifests/${tagName(0)}`
        const { p99Ms, perSecond } = await getLoad(url, seconds, headers)
        rows.add(`manifest GET by tag, ${name}`, 'per s', true, 'roadstead', perSecond)
        rows.add(`manifest GET by tag, ${name}, p99`, 'ms', false, 'roadstead', p99Ms)
      }
    }
    return rows.list()
  } finally {
    await Promise.all([open.stop(), closed.stop()])
  }
}

const tokenOf = async ({ url }: Server): Promise<string> => {
  const scope = `repository:${REPOSITORY}:pull`
  const answer = await expectStatus(`${url}/service/token?service=roadstead&scope=${scope}`, 200, {
    headers: { Authorization: basic },
  })
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token
}
