import { describe, expect, it } from 'vitest'
import { collectInBackground } from '../../shared/gc/background.ts'
import { describeLog } from '../../shared/gc/describe-log.ts'
import { garbageCollectionJob } from '../../shared/gc/job.ts'
import { readLog } from '../../shared/gc/log.ts'
import { DEFAULT_PARAMETERS, gcParameters, type GcParameters } from '../../shared/gc/parameters.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { listRuns, readRun, RUNS_KEPT, startRun, stopRun } from '../../shared/schedules/runs.ts'
import { updateProject } from '../../shared/projects/update.ts'
import { readProject } from '../../shared/projects/find.ts'
import { key } from '../../shared/table.ts'
import { pushImage } from '../support/app.ts'
import { createCollectedRegistry, DAY_MS, type CollectedOptions } from '../support/gc.ts'

const JOB = 'garbageCollection'

const open = (options: CollectedOptions = {}) => {
  const world = createCollectedRegistry(options)
  const { context, registry } = world
  const { store } = context
  const troubles: unknown[] = []
  const job = garbageCollectionJob({ context, troubled: (trouble) => troubles.push(trouble) })
  /** A run as an administrator asks for it, to its end. */
  const run = async (given: Partial<GcParameters> = {}) => {
    const { number } = await startRun(store, JOB, gcParameters({ ...DEFAULT_PARAMETERS, ...given }))
    await runDue(store, job)
    return await readRun(store, JOB, number)
  }
  const look = async (isEnding = () => false): Promise<void> => {
    await collectInBackground({ context, isEnding, troubled: (trouble) => troubles.push(trouble) })
  }
  const history = async () => (await listRuns(store, JOB, { limit: 100 })).entries
  const textOf = async (number: number): Promise<string> =>
    (await Array.fromAsync(describeLog(store, await readRun(store, JOB, number)))).join('\n')
  const deleteImage = async (name: string, layers: readonly string[]): Promise<void> => {
    const digest = await pushImage(registry, name, 'v1', layers)
    expect(await world.ask(`${name}/manifests/${digest}`, 'DELETE')).toBe(202)
  }
  return { ...world, store, troubles, job, run, look, history, textOf, deleteImage }
}

/** Until everything that was deleted is out of the trash. */
const DAYS = 5

describe('untagged manifests that nobody wanted deleted', () => {
  it('are not read again by a look in the background, until their project wants them deleted', async () => {
    const queried: string[] = []
    const { ask, look, pass, registry, store } = open({
      requests: ({ kv }) => ({
        kv: {
          ...kv,
          query: async (query) => {
            queried.push(query.pk)
            return await kv.query(query)
          },
        },
      }),
    })
    const old = await pushImage(registry, 'p/a', 'latest', ['old'])
    await pushImage(registry, 'p/a', 'latest', ['new'])
    pass(DAY_MS)
    await look()
    const parked = () => queried.filter((pk) => pk.startsWith('PARKED#'))
    expect(queried).not.toEqual([])
    expect(parked()).toEqual([])
    const { pid } = await readProject(store, { name: parseRepositoryName('p/a').project })
    await updateProject(store, pid, { metadata: { delete_untagged: 'true' } })
    await look()
    expect(parked()).not.toEqual([])
    await look()
    expect(await ask(`p/a/manifests/${old}`)).toBe(404)
  })
})

describe('a run of garbage collection', () => {
  it('frees what nothing holds, and says of everything that it did so', async () => {
    const { deleteImage, pass, run, store, textOf } = open()
    await deleteImage('p/a', ['one', 'two'])
    const results: Record<string, number>[] = []
    for (let day = 0; day < DAYS; day += 1) {
      const { number, result, status } = await run()
      expect(status).toBe('Success')
      results.push({ number, ...result })
      pass(DAY_MS)
    }
    const sum = (name: string): number =>
      results.reduce((total, result) => total + (result[name] ?? 0), 0)
    expect(sum('blobs')).toBe(3)
    expect(sum('releasedBytes')).toBe('{}onetwo'.length)
    expect(sum('quotaBytes')).toBe('{}onetwo'.length)
    const lines = []
    for (const { number = 0 } of results) {
      lines.push(...(await Array.fromAsync(readLog(store, number))))
    }
    const sizes = lines.flatMap(({ sizeBytes, what }) =>
      what === 'object' ? [sizeBytes ?? 0] : [],
    )
    expect(sum('freedBytes')).toBe(sizes.reduce((total, bytes) => total + bytes, 0))
    const text = (
      await Promise.all(results.map(async ({ number = 0 }) => await textOf(number)))
    ).join('\n')
    expect(text).toContain(`deleted blob ${digestOf('one')} (3 B)`)
    expect(text).toContain(`p no longer has blob ${digestOf('two')}: 3 B of its quota`)
    const times = text.split('\n').map((line) => line.slice(0, 24))
    expect(times.toSorted()).toEqual(times)
  })

  it('deletes untagged manifests when it is told to, where projects do not say otherwise', async () => {
    const { ask, pass, registry, run, store, textOf } = open()
    const digests: string[] = []
    const names = ['nothing/said', 'says/no', 'wants/it']
    for (const name of names) {
      digests.push(await pushImage(registry, name, 'latest', [`old of ${name}`]))
      await pushImage(registry, name, 'latest', [`new of ${name}`])
    }
    const project = await readProject(store, { name: parseRepositoryName('wants/it').project })
    await updateProject(store, project.pid, { metadata: { delete_untagged: 'true' } })
    const statuses = async () =>
      await Promise.all(
        names.map(async (name, index) => await ask(`${name}/manifests/${digests[index] ?? ''}`)),
      )
    await run()
    expect(await statuses()).toEqual([200, 200, 200])
    pass(3 * 60 * 60_000)
    const { number } = await run()
    expect(await statuses()).toEqual([200, 200, 404])
    expect(await textOf(number)).toContain(
      `deleted manifest ${digests[2] ?? ''} of wants/it: no tag and no index holds it`,
    )
    const says = await readProject(store, { name: parseRepositoryName('says/no').project })
    await updateProject(store, says.pid, { metadata: { delete_untagged: 'false' } })
    const { result } = await run({ deleteUntagged: true })
    expect(await statuses()).toEqual([404, 200, 404])
    expect(result).toMatchObject({ manifests: 1 })
    await updateProject(store, says.pid, { metadata: { delete_untagged: undefined } })
    expect((await run({ deleteUntagged: true, untaggedHours: 24 })).result).toMatchObject({
      manifests: 0,
    })
    pass(DAY_MS)
    expect((await run({ deleteUntagged: true, untaggedHours: 24 })).result).toMatchObject({
      manifests: 1,
    })
    expect(await statuses()).toEqual([404, 404, 404])
  })

  it('stops at its limits, and the next one goes on', async () => {
    const { deleteImage, pass, run, textOf } = open()
    const layers = Array.from({ length: 600 }, (_, index) => `layer ${index}`)
    for (let at = 0; at < layers.length; at += 60) {
      await deleteImage(`p/a${at}`, layers.slice(at, at + 60))
    }
    await run()
    pass(2 * DAY_MS)
    await run()
    pass(2 * DAY_MS)
    const limited = await run({ maxObjects: 100 })
    const { blobs = 0, objects = 0 } = limited.result
    expect(blobs + objects).toBeGreaterThanOrEqual(100)
    expect(blobs + objects).toBeLessThan(layers.length)
    expect(await textOf(limited.number)).toContain('a limit is reached')
    let all = blobs
    for (let day = 0; day < DAYS; day += 1) {
      all += (await run()).result['blobs'] ?? 0
      pass(DAY_MS)
    }
    expect(all).toBe(layers.length + 1)
  })

  it('stops when it is told to, and keeps what it did', async () => {
    const { context, deleteImage, pass, run, store } = open()
    for (const name of ['p/a', 'p/b', 'p/c']) await deleteImage(name, [name])
    const { number } = await startRun(store, JOB, gcParameters(DEFAULT_PARAMETERS))
    const stopping = garbageCollectionJob({
      context: {
        ...context,
        store: {
          ...store,
          kv: {
            ...store.kv,
            batchWrite: async (operations) => {
              // Somebody stops it while it works; it says that it is alive every five seconds.
              await stopRun(store, JOB, number)
              pass(6_000)
              return await store.kv.batchWrite(operations)
            },
          },
        },
      },
      troubled: () => undefined,
    })
    await runDue(store, stopping)
    expect((await readRun(store, JOB, number)).status).toBe('Stopped')
    for (let day = 0; day < DAYS; day += 1) {
      pass(DAY_MS)
      await run()
    }
    expect(await store.kv.get(key.blob(digestOf('p/a')), 'strong')).toBeUndefined()
    expect(await store.kv.get(key.blob(digestOf('p/c')), 'strong')).toBeUndefined()
  })
})

describe('looking for garbage in the background', () => {
  it('is in the history when something was deleted, and not otherwise', async () => {
    const { deleteImage, history, look, pass, textOf } = open()
    await look()
    await deleteImage('p/a', ['one'])
    // Its lease is not over.
    await look()
    expect(await history()).toEqual([])
    pass(2 * DAY_MS)
    await look()
    expect((await history()).map(({ number, status }) => [number, status])).toEqual([
      [1, 'Success'],
    ])
    expect(await textOf(1)).toContain('no longer has blob')
    await look()
    expect(await history()).toHaveLength(1)
    for (let day = 0; day < DAYS; day += 1) {
      pass(DAY_MS)
      await look()
    }
    const runs = await history()
    expect(runs.every(({ status, kind }) => status === 'Success' && kind === 'SCHEDULE')).toBe(true)
    expect(runs.reduce((sum, { result }) => sum + (result['blobs'] ?? 0), 0)).toBe(2)
  })

  it('leaves the work to a run that somebody asked for, and keeps none from beginning', async () => {
    const { deleteImage, history, job, look, store } = open()
    await deleteImage('p/a', ['one'])
    await startRun(store, JOB, gcParameters(DEFAULT_PARAMETERS))
    await look()
    expect((await history()).map(({ status }) => status)).toEqual(['Pending'])
    await runDue(store, job)
    expect((await history()).map(({ status }) => status)).toEqual(['Success'])
  })

  it('marks what a process left behind that is gone', async () => {
    const { context, deleteImage, history, look, pass, store } = open()
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    const dying = {
      ...store.kv,
      transact: async (...call: Parameters<typeof store.kv.transact>) => {
        const answer = await store.kv.transact(...call)
        const isLine = call[0].some(
          ({ op, ...rest }) => op === 'put' && 'item' in rest && rest.item.pk.startsWith('GCLOG#'),
        )
        if (isLine) await new Promise<never>(() => undefined)
        return answer
      },
    }
    void collectInBackground({
      context: { ...context, store: { ...store, kv: dying } },
      isEnding: () => false,
      troubled: () => undefined,
    })
    await expect
      .poll(async () => (await history()).map(({ status }) => status))
      .toEqual(['Running'])
    pass(DAY_MS)
    await look()
    expect((await history()).map(({ status }) => status)).toEqual(['Success', 'Error'])
  })

  it('forgets the log of a run that the history forgets', async () => {
    const { deleteImage, look, pass, store } = open()
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    await look()
    expect(await Array.fromAsync(readLog(store, 1))).not.toEqual([])
    await store.kv.write({ op: 'update', key: key.job(JOB), set: { lastRun: RUNS_KEPT } })
    pass(DAY_MS)
    await look()
    await look()
    expect(await Array.fromAsync(readLog(store, 1))).toEqual([])
    expect(await Array.fromAsync(readLog(store, RUNS_KEPT + 1))).not.toEqual([])
  })
})
