import { join } from 'node:path'
import { entryWrites } from '../../shared/audit/entry.ts'
import { openEmbedded } from '../../shared/embedded/open.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { createRobot } from '../../shared/robots/create.ts'
import { transact } from '../../shared/store/transact.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { ensureAdmin } from '../../shared/users/admin.ts'
import { findUserByName } from '../../shared/users/find.ts'
import { principalOf } from '../../shared/users/items.ts'
import { median, type Row } from './numbers.ts'
import { BenchError, type BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { expectStatus } from './seed.ts'
import { startServer, turns, type Server } from './servers.ts'

const PASSWORD = 'Benchmark-1'
const SIZES = {
  small: { projects: 10, repositories: 10, robots: 10, entries: 10 },
  large: { projects: 10_000, repositories: 100_000, robots: 1_000, entries: 10_000 },
} as const
type Size = keyof typeof SIZES
const WRITERS = 64
const PAGE_BYTES_LEAST = 100

const LISTS = [
  '/api/v2.0/projects?page_size=10',
  '/api/v2.0/projects?page_size=10&with_detail=true',
  '/api/v2.0/repositories?page_size=10',
  '/api/v2.0/projects/library/repositories?page_size=10',
  '/api/v2.0/robots?page_size=10',
  '/api/v2.0/quotas?page_size=10',
  '/api/v2.0/users?page_size=10',
  '/api/v2.0/auditlog-exts?page_size=10',
  '/api/v2.0/statistics',
  '/v2/_catalog?n=10',
] as const

/** The first page of every list, in a registry with few things and in one with very many. */
export const lists = async (
  { rounds, seconds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  const servers = new Map<Server, Size>()
  try {
    for (const size of ['small', 'large'] as const) {
      const home = join(directory, size)
      progress(`filling the ${size} registry`)
      await fill(join(home, 'roadstead', 'data'), size)
      servers.set(await startServer('roadstead', home, PASSWORD), size)
    }
    const rows = createRows()
    for (const list of LISTS) {
      for (let round = 0; round < rounds; round += 1) {
        for (const server of turns(round, [...servers.keys()])) {
          const size = servers.get(server) ?? 'small'
          progress(`round ${round + 1}: ${list}, ${size}`)
          rows.add(
            `${list}, ${size}`,
            'ms',
            false,
            'roadstead',
            await pageMs(server, list, seconds),
          )
        }
      }
    }
    return rows.list()
  } finally {
    await Promise.all(
      [...servers.keys()].map(async (server) => {
        await server.stop()
      }),
    )
  }
}

/** Through the use cases and not through HTTP, which would take an hour. */
const fill = async (data: string, size: Size): Promise<void> => {
  const embedded = await openEmbedded(data, { clock: systemClock })
  try {
    const store = { kv: embedded.kv, clock: systemClock, ids: createRandomIds() }
    const { entries, projects, repositories: repositoryCount, robots } = SIZES[size]
    await ensureAdmin(store, PASSWORD)
    const user = await findUserByName(store, 'admin')
    if (user === undefined) throw new BenchError('there is no administrator')
    const admin = principalOf(user)
    const name = (index: number) => `p${String(index).padStart(6, '0')}`
    // Numbers are taken from a counter, one after the other.
    await createProject(store, admin, { name: parseProjectName('library'), isPublic: true })
    for (let index = 0; index < projects; index += 1) {
      await createProject(store, admin, { name: parseProjectName(name(index)) })
    }
    const access = [{ resource: 'repository', action: 'pull' }]
    for (let index = 0; index < robots; index += 1) {
      await createRobot(store, admin, {
        ...{ name: `r${index}`, level: 'system', durationDays: -1 },
        permissions: [{ kind: 'project', namespace: '*', access }],
      })
    }
    const repositories = createRepositories(store, { createProjectsOnPush: false })
    await inParallel(repositoryCount, async (index) => {
      // Half of them in one project.
      const project = index % 2 === 0 ? 'library' : name(index % projects)
      await repositories.forPush(parseRepositoryName(`${project}/r${index}`))
    })
    await inParallel(entries, async (index) => {
      const event = {
        operation: 'create',
        resourceType: 'artifact',
        resource: `p/${index}`,
      } as const
      await transact(store, entryWrites(store, { name: 'admin', address: '' }, event))
    })
  } finally {
    await embedded.close()
  }
}

const inParallel = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      await work(index)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, worker))
}

/** The median of as many requests as the time allows, one at least. */
const pageMs = async ({ url }: Server, list: string, seconds: number): Promise<number> => {
  const headers = {
    Authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`,
  }
  const times: number[] = []
  const deadline = performance.now() + seconds * 1000
  do {
    const began = performance.now()
    const text = await (await expectStatus(`${url}${list}`, 200, { headers })).text()
    times.push(performance.now() - began)
    if (text.length < PAGE_BYTES_LEAST) throw new BenchError(`${list} answers hardly anything`)
  } while (performance.now() < deadline)
  return median(times)
}
