import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LARGE, MANY_LAYERS, writeLayout } from './layout.ts'
import type { ImageSpec } from './layout.ts'
import { ACCEPT, getLoad, headLoad } from './load.ts'
import type { Load } from './load.ts'
import { memoryOf } from './memory.ts'
import type { Row } from './numbers.ts'
import { BenchError } from './options.ts'
import type { BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { expectStatus, seed, tagName } from './seed.ts'
import type { Seeded } from './seed.ts'
import { findTool, runTool } from './tools.ts'
import { NAMES, turns, withServers } from './servers.ts'
import type { Server } from './servers.ts'

const TAGS = 100
const REPOSITORY = 'bench/reads'

/** Reads by 16 connections, pushes and pulls, and what memory that took; all registries take turns. */
export const compare = async (
  { rounds, seconds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  for (const tool of ['wrk', 'hey', 'skopeo'] as const) await findTool(tool)
  return await withServers(directory, NAMES, async (servers) => {
    const rows = createRows()
    const seeded = new Map<Server, Seeded>()
    for (const server of servers) seeded.set(server, await seed(server, REPOSITORY, TAGS))
    for (let round = 0; round < rounds; round += 1) {
      for (const read of READS) {
        for (const server of turns(round, servers)) {
          const at = seeded.get(server)
          if (at === undefined) continue
          progress(`round ${round + 1}: ${read.name}, ${server.name}`)
          const { p99Ms, perSecond } = await read.load(server, at, seconds)
          rows.add(read.name, 'per s', true, server.name, perSecond)
          rows.add(`${read.name}, p99`, 'ms', false, server.name, p99Ms)
        }
      }
      for (const [name, spec] of IMAGES) {
        progress(`round ${round + 1}: ${name}`)
        await pushAndPull({ directory, name, round, rows, servers, spec })
      }
    }
    for (const { name, pid } of servers) {
      const memory = await memoryOf(pid)
      if (memory === undefined) continue
      rows.add('memory after all', 'MB', false, name, memory.now)
      rows.add('memory at its peak', 'MB', false, name, memory.peak)
    }
    return rows.list()
  })
}

type Read = {
  readonly name: string
  readonly load: (server: Server, seeded: Seeded, seconds: number) => Promise<Load>
}

/** One look at what is measured, so that no wrong or empty answer is measured; then the load. */
const checkedGet = async (url: string, seconds: number, part: string): Promise<Load> => {
  const text = await (await expectStatus(url, 200, { headers: { accept: ACCEPT } })).text()
  if (!text.includes(part)) throw new BenchError(`${url} answers without ${part}`)
  return await getLoad(url, seconds)
}

const READS: readonly Read[] = [
  {
    name: 'manifest GET by tag',
    load: async ({ url }, { blob, repository }, seconds) =>
      await checkedGet(`${url}/v2/${repository}/manifests/${tagName(0)}`, seconds, blob),
  },
  {
    name: 'manifest GET by digest',
    load: async ({ url }, { blob, digest, repository }, seconds) =>
      await checkedGet(`${url}/v2/${repository}/manifests/${digest}`, seconds, blob),
  },
  {
    name: `tags/list of ${TAGS}`,
    load: async ({ url }, { repository }, seconds) =>
      await checkedGet(
        `${url}/v2/${repository}/tags/list?n=${TAGS}`,
        seconds,
        `"${tagName(TAGS - 1)}"`,
      ),
  },
  {
    name: 'blob HEAD',
    load: async ({ url }, { blob, repository }, seconds) =>
      await headLoad(`${url}/v2/${repository}/blobs/${blob}`, seconds),
  },
]

const IMAGES: readonly (readonly [string, ImageSpec])[] = [
  ['155 MB', LARGE],
  ['100 layers of 4 KiB', MANY_LAYERS],
]

type PushAndPull = {
  readonly directory: string
  readonly name: string
  readonly round: number
  readonly rows: ReturnType<typeof createRows>
  readonly servers: readonly Server[]
  readonly spec: ImageSpec
}

/** New bytes every round, the same for all: what a registry has already it need not take again. */
const pushAndPull = async ({ directory, name, round, rows, servers, spec }: PushAndPull) => {
  const layout = join(directory, 'layout')
  const pulled = join(directory, 'pulled')
  await writeLayout(layout, spec)
  for (const server of turns(round, servers)) {
    const image = `docker://${server.host}/bench/image-${spec.layers}-${round}:latest`
    const push = await timed(['--dest-tls-verify=false', `oci:${layout}:latest`, image])
    rows.add(`push of ${name}`, 's', false, server.name, push)
    const pull = await timed(['--src-tls-verify=false', image, `dir:${pulled}`])
    rows.add(`pull of ${name}`, 's', false, server.name, pull)
    await rm(pulled, { recursive: true })
  }
  await rm(layout, { recursive: true })
}

/** What the registry before left in the page cache is written first: nobody pays for the bytes of another. */
const timed = async (args: readonly string[]): Promise<number> => {
  await runTool('sync', [])
  const began = performance.now()
  await runTool('skopeo', ['--insecure-policy', 'copy', ...args])
  return (performance.now() - began) / 1000
}
