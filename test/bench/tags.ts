import { median } from './numbers.ts'
import type { Row } from './numbers.ts'
import { BenchError } from './options.ts'
import type { BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { expectStatus, seed, tagName } from './seed.ts'
import { turns, withServers } from './servers.ts'
import type { Name, Server } from './servers.ts'

const COUNTS = [100, 100_000] as const
const PAGE = 100
/** distribution 2.8 does not know `n`: it answers every list whole, and has no first page to measure. */
const WITH_PAGES: readonly Name[] = ['roadstead', 'distribution 3']

/** The first page of a short and of a very long list, one request after the other. */
export const tags = async (
  { rounds, seconds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> =>
  await withServers(directory, WITH_PAGES, async (servers) => {
    const rows = createRows()
    for (const server of servers) {
      for (const count of COUNTS) {
        progress(`putting ${count} tags, ${server.name}`)
        const began = performance.now()
        await seed(server, repositoryOf(count), count)
        const perSecond = count / ((performance.now() - began) / 1000)
        // The short list is over before anything is warm.
        if (count > COUNTS[0])
          rows.add(`putting ${count} tags`, 'per s', true, server.name, perSecond)
      }
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const count of COUNTS) {
        for (const server of turns(round, servers)) {
          progress(`round ${round + 1}: first page of ${count} tags, ${server.name}`)
          const ms = await pageMs(server, count, seconds)
          rows.add(`first page of ${count} tags`, 'ms', false, server.name, ms)
        }
      }
    }
    return rows.list()
  })

const repositoryOf = (count: number): string => `bench/tags-${count}`

/** The median of as many requests as the time allows, one at least. */
const pageMs = async ({ url }: Server, count: number, seconds: number): Promise<number> => {
  const page = `${url}/v2/${repositoryOf(count)}/tags/list?n=${PAGE}`
  const times: number[] = []
  const deadline = performance.now() + seconds * 1000
  do {
    const began = performance.now()
    const text = await (await expectStatus(page, 200)).text()
    times.push(performance.now() - began)
    if (!text.includes(`"${tagName(PAGE - 1)}"`) || text.includes(`"${tagName(PAGE)}"`)) {
      throw new BenchError(`${page} is not answered with the first page`)
    }
  } while (performance.now() < deadline)
  return median(times)
}
