/** Runs of garbage collection in steps, as the state machine on AWS takes them. */
import { describe, expect, it } from 'vitest'
import { garbageCollectionJob } from '../../shared/gc/job.ts'
import { readLog } from '../../shared/gc/log.ts'
import { DEFAULT_PARAMETERS, gcParameters, type GcParameters } from '../../shared/gc/parameters.ts'
import { ROUNDS } from '../../shared/gc/steps/look.ts'
import { collecting, dealLanes } from '../../shared/gc/steps/stage.ts'
import { startDue } from '../../shared/gc/steps/start.ts'
import { takeStep } from '../../shared/gc/steps/steps.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { PortError, type Kv } from '../../shared/ports.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { readRun, startRun, stopRun } from '../../shared/schedules/runs.ts'
import { setSchedule } from '../../shared/schedules/schedule.ts'
import { key, TASK_SHARDS } from '../../shared/table.ts'
import { pushImage } from '../support/app.ts'
import { execute, type Execution } from '../support/execution.ts'
import { createCollectedRegistry, DAY_MS } from '../support/gc.ts'

const JOB = 'garbageCollection'
/** Until everything that was deleted is out of the trash. */
const DAYS = 5

type Started = { readonly input: string; readonly name: string | undefined }

/** `change`: puts something between the steps and the table. */
const open = (change: (kv: Kv) => Partial<Kv> = () => ({})) => {
  const world = createCollectedRegistry()
  const { context, registry } = world
  const { store } = context
  const started: Started[] = []
  const troubles: unknown[] = []
  const deps = {
    context: { ...context, store: { ...store, kv: { ...store.kv, ...change(store.kv) } } },
    troubled: (trouble: unknown) => troubles.push(trouble),
    executions: {
      start: (input: string, name?: string) => {
        const isTaken = name !== undefined && started.some((one) => one.name === name)
        if (!isTaken) started.push({ input, name })
        return Promise.resolve(isTaken ? ('exists' as const) : ('started' as const))
      },
    },
  }
  const wait = async (given: Partial<GcParameters> = {}): Promise<number> =>
    (await startRun(store, JOB, gcParameters({ ...DEFAULT_PARAMETERS, ...given }))).number
  let executions = 0
  /** A run as an administrator asks for it, to its end. */
  const run = async (given: Partial<GcParameters> = {}, more: Partial<Execution> = {}) => {
    const number = await wait(given)
    executions += 1
    const steps = await execute(deps, { name: `execution-${executions}`, input: {}, ...more })
    return { ...(await readRun(store, JOB, number)), steps }
  }
  const deleteImage = async (name: string, layers: readonly string[]): Promise<void> => {
    const digest = await pushImage(registry, name, 'v1', layers)
    expect(await world.ask(`${name}/manifests/${digest}`, 'DELETE')).toBe(202)
  }
  const linesOf = async (number: number) => await Array.fromAsync(readLog(store, number))
  return { ...world, store, deps, started, troubles, wait, run, deleteImage, linesOf }
}

describe('a run in steps', () => {
  it.each([1, 3, 10])('does with %i lanes what it does in one go', async (workers) => {
    const results = async (isInSteps: boolean) => {
      const { context, deleteImage, linesOf, pass, run, store, troubles, wait } = open()
      for (const name of ['p/a', 'p/b', 'q/c']) await deleteImage(name, ['shared', `of ${name}`])
      const found: unknown[] = []
      for (let day = 0; day < DAYS; day += 1) {
        const given = { deleteUntagged: true, workers }
        const inOneGo = async (): Promise<number> => {
          const waiting = await wait(given)
          await runDue(store, garbageCollectionJob({ context, troubled: () => undefined }))
          return waiting
        }
        const number = isInSteps ? (await run(given)).number : await inOneGo()
        const { result, status } = await readRun(store, JOB, number)
        const what = (await linesOf(number)).map((line) => `${line.what} ${line.digest ?? ''}`)
        // How many tasks that takes depends on which shards they happen to be in.
        const { due: _due, failed: _failed, tasks: _tasks, ...sums } = result
        found.push({ status, sums, what: what.sort() })
        pass(DAY_MS)
      }
      expect(troubles).toEqual([])
      return found
    }
    const inSteps = await results(true)
    expect(inSteps).toEqual(await results(false))
    expect(JSON.stringify(inSteps)).toContain(`blob ${digestOf('shared')}`)
  })

  it('has every shard in one lane, and in one only', () => {
    for (let workers = 1; workers <= 10; workers += 1) {
      const lanes = dealLanes(workers)
      expect(lanes).toHaveLength(workers)
      const shards = lanes.flatMap((lane) => lane.shards)
      expect(shards.toSorted((one, other) => one - other)).toEqual([...Array(TASK_SHARDS).keys()])
    }
  })

  it('stops at its limits, whoever of its lanes reached them, and the next one goes on', async () => {
    const { deleteImage, pass, run } = open()
    const layers = Array.from({ length: 600 }, (_, index) => `layer ${index}`)
    for (let at = 0; at < layers.length; at += 60) {
      await deleteImage(`p/a${at}`, layers.slice(at, at + 60))
    }
    let all = 0
    let isLimited = false
    for (let day = 0; all <= layers.length; day += 1) {
      expect(day).toBeLessThan(30)
      pass(DAY_MS)
      const { log, result, status } = await run({ maxObjects: 100, workers: 2 })
      const { blobs = 0, manifests = 0, objects = 0 } = result
      expect(status).toBe('Success')
      // A lane sees what the other does when it says that it is alive; until then, pages of 200.
      expect(blobs + manifests + objects).toBeLessThan(layers.length)
      isLimited ||= log.includes('a limit is reached')
      all += blobs
    }
    expect(isLimited).toBe(true)
    expect(all).toBe(layers.length + 1)
  })

  it('stops when it is told to, and keeps what it did', async () => {
    const { deleteImage, deps, pass, run, store } = open()
    for (const name of ['p/a', 'p/b', 'p/c']) await deleteImage(name, [name])
    const stopped = await run(
      {},
      {
        around: async ({ step }, take) => {
          if (step === 'look') await stopRun(store, JOB, 1)
          return await take()
        },
      },
    )
    expect(stopped).toMatchObject({ status: 'Stopped' })
    expect(stopped.steps).toEqual(['begin', 'work', 'look', 'work', 'look', 'finish'])
    for (let day = 0; day < DAYS; day += 1) {
      pass(DAY_MS)
      await run()
    }
    expect(await deps.context.store.kv.get(key.blob(digestOf('p/a')), 'strong')).toBeUndefined()
  })

  it('hears within seconds that it is to stop, in the middle of a step', async () => {
    let stop = (): Promise<void> => Promise.resolve()
    const world = open((kv) => ({
      transact: async (operations, token) => {
        await stop()
        return await kv.transact(operations, token)
      },
    }))
    const { deleteImage, pass, run, store } = world
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    const number = 1
    let stops = 0
    stop = async () => {
      if ((await readRun(store, JOB, number)).status !== 'Running') return
      stops += 1
      await stopRun(store, JOB, number)
      pass(6_000)
    }
    const { status, steps } = await run()
    expect(stops).toBeGreaterThan(0)
    expect(status).toBe('Stopped')
    expect(steps).toEqual(['begin', 'work', 'look', 'finish'])
  })

  it('shows while it goes what all lanes did, and what is left', async () => {
    const shown: Record<string, number>[] = []
    const { deleteImage, pass, run, store } = open((kv) => ({
      query: async (query) => {
        // Whatever is looked at, time passes, and a lane says that the run is alive.
        if (query.pk.startsWith('TASK#')) pass(6_000)
        return await kv.query(query)
      },
    }))
    await deleteImage('p/a', ['one', 'two', 'three'])
    pass(2 * DAY_MS)
    const { result } = await run(
      { workers: 2 },
      {
        around: async ({ step }, take) => {
          const answer = await take()
          if (step === 'look') shown.push((await readRun(store, JOB, 1)).result)
          return answer
        },
      },
    )
    expect(shown.length).toBeGreaterThan(1)
    const last = shown.at(-1) ?? {}
    expect(last['tasks']).toBe(result['tasks'])
    expect(last['quotaBytes']).toBe(result['quotaBytes'])
    expect(last).toHaveProperty('due')
  })
})

describe('the steps of a run', () => {
  it('begin once for an execution that asks twice, and for no other one', async () => {
    const { deps, wait } = open()
    await wait()
    const begin = async (execution: string) =>
      await takeStep(deps, { step: 'begin', execution, input: {} }, () => false)
    const first = await begin('one')
    expect(first).toMatchObject({ next: 'work', run: { number: 1, owner: 'one' } })
    expect(await begin('one')).toMatchObject({ next: 'work', run: { number: 1, owner: 'one' } })
    expect(await begin('two')).toEqual({ next: 'nothing' })
  })

  it('do no harm when two executions begin at once', async () => {
    const { deleteImage, deps, linesOf, pass, store, wait } = open()
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    const number = await wait()
    const both = await Promise.all(
      ['one', 'two'].map(async (name) => await execute(deps, { name, input: {} })),
    )
    expect(both.map(({ length }) => length).sort()).toContain(1)
    expect((await readRun(store, JOB, number)).status).toBe('Success')
    const lines = (await linesOf(number)).map(({ digest, what }) => `${what} ${digest ?? ''}`)
    expect(lines).not.toEqual([])
    expect(new Set(lines).size).toBe(lines.length)
  })

  it.each([1, 2, 3])(
    'are taken again when they are broken off, wherever that is, and nothing is lost (%i)',
    async (first) => {
      let calls = 0
      let breaksAt = Infinity
      const breaking = async <T>(call: () => Promise<T>): Promise<T> => {
        calls += 1
        if (calls === breaksAt) throw new Error('broken off')
        if (calls > breaksAt) await new Promise<never>(() => undefined)
        return await call()
      }
      const collectAll = async (at: number) => {
        calls = 0
        breaksAt = Infinity
        const { deleteImage, linesOf, pass, run, troubles } = open((kv) => ({
          write: async (...call) => await breaking(async () => await kv.write(...call)),
          transact: async (...call) => await breaking(async () => await kv.transact(...call)),
          batchWrite: async (...call) => await breaking(async () => await kv.batchWrite(...call)),
        }))
        await deleteImage('p/a', ['one', 'two'])
        breaksAt = at
        const lines: string[] = []
        for (let day = 0; day < DAYS; day += 1) {
          pass(DAY_MS)
          const { number, status } = await run(
            { workers: 1 },
            {
              around: async (_step, take) => {
                // The state machine hears that the function is gone, and calls it again.
                const gone = new Promise<'gone'>((resolve) => {
                  const look = setInterval(() => {
                    if (calls < breaksAt) return
                    clearInterval(look)
                    resolve('gone')
                  }, 1)
                  look.unref()
                })
                const answer = await Promise.race([take().catch(() => 'gone' as const), gone])
                if (answer !== 'gone') return answer
                breaksAt = Infinity
                return await take()
              },
            },
          )
          expect(status).toBe('Success')
          lines.push(
            ...(await linesOf(number)).map(({ digest, oid, what }) =>
              what === 'object' ? `object ${String(oid !== undefined)}` : `${what} ${digest ?? ''}`,
            ),
          )
        }
        return { calls, lines: lines.sort(), troubles }
      }
      const whole = await collectAll(Infinity)
      expect(whole.lines.filter((line) => line.startsWith('blob'))).toHaveLength(3)
      for (let at = first; at <= whole.calls; at += 3) {
        expect((await collectAll(at)).lines, `broken off at write ${at}`).toEqual(whole.lines)
      }
    },
  )

  it('go on in another execution when there are many, which is begun once', async () => {
    const { deps, started, store, wait } = open()
    const number = await wait({ workers: 4 })
    // There is never time for anything.
    const steps = await execute(deps, { name: 'first', input: {}, isEnding: () => true })
    expect(steps.filter((step) => step === 'look')).toHaveLength(ROUNDS)
    expect(steps.at(-1)).toBe('continue')
    expect(started).toHaveLength(1)
    const [{ input, name } = { input: '', name: '' }] = started
    expect(name).toBe('run-1-1-first')
    const carried = collecting.parse(JSON.parse(input))
    expect(carried).toMatchObject({ rounds: 0, generation: 1, run: { owner: 'first' } })
    // Nobody heard that it had been begun.
    await takeStep(
      deps,
      { step: 'continue', collecting: { ...carried, generation: 0 } },
      () => false,
    )
    expect(started).toHaveLength(1)
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Running' })
    const rest = await execute(deps, { name: name ?? '', input: JSON.parse(input) })
    expect(rest.slice(0, 5)).toEqual(['begin', 'work', 'work', 'work', 'work'])
    expect(rest.at(-1)).toBe('finish')
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Success' })
  })

  it.each(['begin', 'work', 'look'] as const)(
    'end the run as failed when %s fails for good',
    async (failing) => {
      const { run } = open()
      const { log, status } = await run(
        {},
        {
          around: async ({ step }, take) => {
            const answer = await take()
            if (step === failing) throw new Error('nobody hears of it')
            return answer
          },
        },
      )
      expect(status).toBe('Error')
      expect(log).toContain('it failed')
    },
  )

  it('leave a run alone that is over', async () => {
    const { deps, run, store } = open()
    const { number } = await run()
    const [lane = never()] = dealLanes(1)
    const late = { number, owner: 'execution-1', begunAt: 0 }
    expect(await takeStep(deps, { step: 'work', run: late, lane }, () => false)).toMatchObject({
      stoppedBy: 'run',
    })
    const failure = new Error('late')
    const finish = { step: 'finish', execution: 'execution-1', input: {} } as const
    await takeStep(deps, { ...finish, collecting: { run: late, lanes: [], failure } }, () => false)
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Success' })
  })

  it('foresee in one go, and delete nothing', async () => {
    const { deleteImage, linesOf, pass, run, store } = open()
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    const { number, status, steps } = await run({ isDryRun: true, ignoresGrace: true })
    expect([status, ...steps]).toEqual(['Success', 'begin', 'alone'])
    expect((await linesOf(number)).every(({ isForeseen }) => isForeseen === true)).toBe(true)
    expect(await linesOf(number)).not.toEqual([])
    expect(await store.kv.get(key.blob(digestOf('one')), 'strong')).toBeDefined()
  })

  it('tell of tasks that failed', async () => {
    let isBroken = false
    const { deleteImage, pass, run, troubles } = open((kv) => ({
      get: async (at, read) => {
        if (isBroken && at.pk.startsWith('MANIFEST#')) throw new PortError('unavailable', 'broken')
        return await kv.get(at, read)
      },
      transact: async (operations, token) => {
        const isLine = operations.some(({ op, ...rest }) =>
          op === 'put' && 'item' in rest ? rest.item.pk.startsWith('GCLOG#') : false,
        )
        if (isBroken && isLine) throw new RangeError('broken')
        return await kv.transact(operations, token)
      },
    }))
    await deleteImage('p/a', ['one'])
    pass(2 * DAY_MS)
    isBroken = true
    const { log, status } = await run()
    expect(status).toBe('Success')
    expect(troubles).not.toEqual([])
    expect(log).toMatch(/a task of type \w+ failed, and is tried again/)
    expect(log).toMatch(/tasks were worked on; [1-9]\d* failed/)
  })
})

describe('what has a run begin', () => {
  it('starts an execution when a run waits or is due, and not otherwise', async () => {
    const { deps, pass, run, started, store, wait } = open()
    const look = async (): Promise<number> => {
      await startDue(store, deps.executions)
      return started.length
    }
    expect(await look()).toBe(0)
    await wait()
    expect(await look()).toBe(1)
    await execute(deps, { name: 'one', input: {} })
    const parameters = gcParameters(DEFAULT_PARAMETERS)
    await setSchedule(store, JOB, { type: 'Hourly', cron: '0 0 * * * *', parameters })
    expect(await look()).toBe(1)
    pass(60 * 60_000)
    expect(await look()).toBe(2)
    await execute(deps, { name: 'two', input: {} })
    expect(await readRun(store, JOB, 2)).toMatchObject({ status: 'Success', kind: 'SCHEDULE' })
    expect(await look()).toBe(2)
    await run()
  })

  it('ends a run whose execution is gone', async () => {
    const { deps, pass, started, store, wait } = open()
    const number = await wait()
    await takeStep(deps, { step: 'begin', execution: 'gone', input: {} }, () => false)
    pass(60_000)
    await startDue(store, deps.executions)
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Running' })
    pass(10 * 60_000)
    await startDue(store, deps.executions)
    expect(started).toEqual([])
    expect(await readRun(store, JOB, number)).toMatchObject({ status: 'Error' })
  })
})

const never = (): never => {
  throw new Error('there is a lane')
}
