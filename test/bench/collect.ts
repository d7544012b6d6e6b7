import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bucketKey } from '../../shared/bucket.ts'
import { openEmbedded, type Embedded } from '../../shared/embedded/open.ts'
import { collectGarbage } from '../../shared/gc/collect.ts'
import { DEFAULT_PARAMETERS, MAX_WORKERS } from '../../shared/gc/parameters.ts'
import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import type { PutItem } from '../../shared/ports.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { newBlob, newLink } from '../../shared/registry/blobs/items.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { writeAll } from '../../shared/store/batch.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { key, SCHEMA_VERSION, type ObjectId, type ProjectId } from '../../shared/table.ts'
import { shortTimes } from '../../shared/tasks/times.ts'
import { enqueue } from '../../shared/tasks/tasks.ts'
import { getLoad } from './load.ts'
import { BenchError, type BenchOptions } from './options.ts'
import { createRows } from './rows.ts'
import { seed, tagName } from './seed.ts'
import { startServer } from './servers.ts'
import type { Row } from './numbers.ts'

const LIVE = { '10,000': 10_000, '1,000,000': 1_000_000 } as const
const FEW = 1_000
const COLD_ROUNDS = 5
const MANY = 20_000
/** For a load of some seconds there is something to collect all the while. */
const PLENTY = 100_000
const AT_ONCE = 2_000
const EAGER = ['--gc-every', '1s', '--gc-grace', '1s']
const WARM_SECONDS = 2

/** How fast blobs are collected, in registries of two sizes, and what reads feel of it. Ours alone. */
export const collect = async (
  { rounds, seconds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  const rows = createRows()
  for (const [name, live] of Object.entries(LIVE)) {
    const data = join(directory, name)
    progress(`filling a registry with ${name} blobs`)
    await withStore(data, async (opened) => {
      await addLive(opened.store, live)
      // The first rounds of a process are as slow as its code is cold, whatever it collects.
      for (let round = 0; round < COLD_ROUNDS; round += 1) await timeOf(opened, FEW)
      for (let round = 0; round < rounds; round += 1) {
        progress(`round ${round + 1}: ${name} blobs`)
        const ms = await timeOf(opened, FEW)
        rows.add(`${FEW} of garbage beside ${name} blobs`, 'ms', false, 'roadstead', ms)
      }
      for (let round = 0; round < rounds && live === LIVE['10,000']; round += 1) {
        progress(`round ${round + 1}: ${MANY} blobs go`)
        const perSecond = MANY / ((await timeOf(opened, MANY)) / 1_000)
        rows.add('blobs collected', '1/s', true, 'roadstead', perSecond)
      }
    })
    await rm(data, { recursive: true })
  }
  for (let round = 0; round < rounds; round += 1) {
    const home = join(directory, `served-${round}`)
    progress(`round ${round + 1}: reads beside collection`)
    await reads(home, seconds, (row, value) => {
      rows.add(row, 'ms', false, 'roadstead', value)
    })
    await rm(home, { recursive: true })
  }
  return rows.list()
}

/** The slowest reads of a manifest, idle, and while a collector has its hands full. */
const reads = async (
  home: string,
  seconds: number,
  add: (row: string, p99Ms: number) => void,
): Promise<void> => {
  const data = join(home, 'roadstead', 'data')
  await withStore(data, async (opened) => {
    await addGarbage(opened, PLENTY)
  })
  const p99Of = async (options: readonly string[], seconds: number): Promise<number> => {
    const server = await startServer('roadstead', home, undefined, options)
    try {
      const { repository } = await seed(server, 'library/read', 1)
      const url = `${server.url}/v2/${repository}/manifests/${tagName(0)}`
      await getLoad(url, WARM_SECONDS)
      return (await getLoad(url, seconds)).p99Ms
    } finally {
      await server.stop()
    }
  }
  add('p99 of a read by tag, idle', await p99Of(['--gc-every', 'off'], seconds))
  add('p99 of a read by tag, while garbage is collected', await p99Of(EAGER, seconds))
  await withStore(data, async ({ store }) => {
    const left = await store.kv.query({ pk: 'TASK#00', read: 'strong', limit: 1 })
    if (left.items.length === 0)
      throw new BenchError('everything was collected before the load ended')
  })
}

type Opened = { readonly store: Store; readonly objects: Embedded['objects'] }

const withStore = async (data: string, use: (opened: Opened) => Promise<void>): Promise<void> => {
  const embedded = await openEmbedded(data, { clock: systemClock })
  try {
    const { kv, objects } = embedded
    const store = { kv, clock: systemClock, ids: createRandomIds(), times: shortTimes(0) }
    await use({ store, objects })
  } finally {
    await embedded.close()
  }
}

/** Blobs as a push leaves them, but for their bytes, which no collector looks at. */
const addLive = async (store: Store, count: number): Promise<void> => {
  const pid = store.ids.next() as ProjectId
  await inParts(count, async (index) => {
    const { blob, digest, object } = newBlobItems(store, `live ${index}`)
    await writeAll(store, [blob, object, newLinkItem(store, digest, pid)])
  })
}

/** Blobs that nobody holds any more, bytes and all, each with the task that looks at it. */
const addGarbage = async ({ objects, store }: Opened, count: number): Promise<void> => {
  const run = randomUUID()
  await inParts(count, async (index) => {
    const bytes = Buffer.from(`${run} ${index}`)
    const { blob, digest, object, oid } = newBlobItems(store, bytes.toString())
    await objects.put(bucketKey.object(oid), [bytes], { ifAbsent: true })
    await writeAll(store, [
      blob,
      object,
      enqueue(store.ids, store.clock.now(), { type: 'BLOB_REVIEW', digest }),
    ])
  })
}

const newBlobItems = (store: Store, content: string) => {
  const digest = digestOf(content)
  const oid = store.ids.nextBeside() as ObjectId
  const now = store.clock.now()
  const sizeBytes = Buffer.byteLength(content)
  const blob = unconditional(newBlob(digest, { sizeBytes, oid }, store.ids.next(), now))
  const owned = {
    v: SCHEMA_VERSION,
    state: 'OWN',
    version: store.ids.next(),
    digest,
    updatedAt: now,
  }
  const object = { op: 'put', item: { ...key.object(oid), ...owned } } as const
  return { blob, digest, object, oid }
}

const newLinkItem = (store: Store, digest: Digest, pid: ProjectId) =>
  unconditional(newLink(digest, pid, 1, store.ids.next()))

const unconditional = ({ op, item }: PutItem) => ({ op, item })

/** Until nothing is left of some garbage: reviews, deletions of blobs, deletions of objects. */
const timeOf = async (opened: Opened, count: number): Promise<number> => {
  const { objects, store } = opened
  await addGarbage(opened, count)
  const repositories = createRepositories(store, { createProjectsOnPush: false })
  const context = { store, objects, repositories, limits: DEFAULT_LIMITS, allowSparse: false }
  const began = performance.now()
  let gone = 0
  for (let isDone = false; !isDone;) {
    const { blobs, tasks } = await collectGarbage({
      ...{ context, parameters: { ...DEFAULT_PARAMETERS, workers: MAX_WORKERS } },
      run: () => Promise.resolve(1),
      isStopped: () => false,
      troubled: ({ error }) => {
        throw error
      },
    })
    gone += blobs
    isDone = tasks === 0
  }
  if (gone < count) throw new BenchError('there is garbage that no task finds')
  return performance.now() - began
}

const inParts = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  for (let from = 0; from < count; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - from)
    const indexes = Array.from({ length: size }, (_, at) => from + at)
    await Promise.all(indexes.map(work))
  }
}
