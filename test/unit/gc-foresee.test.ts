import fc from 'fast-check'
import { expect, it } from 'vitest'
import { garbageCollectionJob } from '../../shared/gc/job.ts'
import { readLog, type LogLine } from '../../shared/gc/log.ts'
import { DEFAULT_PARAMETERS, gcParameters, type GcParameters } from '../../shared/gc/parameters.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { readQuota } from '../../shared/quota/read.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { readRun, startRun } from '../../shared/schedules/runs.ts'
import { indexJson, imageJson, pushBlob, pushImage, putManifest } from '../support/app.ts'
import { createCollectedRegistry, DAY_MS } from '../support/gc.ts'
import { digestOf } from '../../shared/oci/digest.ts'

const JOB = 'garbageCollection'
const REPOSITORIES = ['p/a', 'p/b', 'q/a']

const open = () => {
  const world = createCollectedRegistry()
  const { context } = world
  const { store } = context
  const job = garbageCollectionJob({
    context,
    troubled: ({ error }) => {
      throw error
    },
  })
  const run = async (given: Partial<GcParameters>) => {
    const { number } = await startRun(store, JOB, gcParameters({ ...DEFAULT_PARAMETERS, ...given }))
    await runDue(store, job)
    const { result, status } = await readRun(store, JOB, number)
    expect(status).toBe('Success')
    const lines = await Array.fromAsync(readLog(store, number))
    return { result, lines: lines.map(withoutTime).toSorted() }
  }
  /** What projects pay for. */
  const paid = async (): Promise<number> => {
    const found = await Promise.all(
      REPOSITORIES.map(
        async (name) => await context.repositories.existing(parseRepositoryName(name)),
      ),
    )
    let sum = 0
    for (const pid of new Set(found.flatMap((repository) => repository?.pid ?? []))) {
      sum += (await readQuota(store, pid))?.usedBytes ?? 0
    }
    return sum
  }
  return { ...world, run, paid }
}

const withoutTime = ({ digest, oid, pid, reason, rid, sizeBytes, what }: LogLine): string =>
  [what, digest, oid, pid, rid, reason, sizeBytes].map(String).join(' ')

const place = fc.constantFrom(...REPOSITORIES)
const tag = fc.constantFrom('v1', 'v2')
const layers = fc.uniqueArray(fc.constantFrom('one', 'two', 'three', 'four'), {
  minLength: 1,
  maxLength: 3,
})
const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), place, tag, layers }),
  fc.record({ kind: fc.constant('index' as const), place, tag, layers }),
  fc.record({ kind: fc.constant('untag' as const), place, tag }),
  fc.record({ kind: fc.constant('upload' as const), place }),
  fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('collect' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

type World = ReturnType<typeof open>

const take = async ({ ask, pass, registry, run }: World, one: Step): Promise<void> => {
  switch (one.kind) {
    case 'push':
      await pushImage(registry, one.place, one.tag, one.layers)
      return
    case 'index': {
      const part = imageJson('{}', one.layers)
      for (const content of ['{}', ...one.layers]) await pushBlob(registry, one.place, content)
      await putManifest(registry, one.place, digestOf(part), part)
      await putManifest(registry, one.place, one.tag, indexJson([part]))
      return
    }
    case 'untag':
      await ask(`${one.place}/manifests/${one.tag}`, 'DELETE')
      return
    case 'upload':
      await registry.app.request(`/v2/${one.place}/blobs/uploads/`, { method: 'POST' })
      return
    case 'pass':
      pass(one.hours * 60 * 60_000)
      return
    case 'collect':
      await run({ deleteUntagged: true })
  }
}

/** So that something of every kind goes, whatever chance brings. */
const push = { kind: 'push', place: 'p/a', tag: 'v1' } as const
const days = (count: number) => ({ kind: 'pass', hours: 24 * count }) as const
const EXAMPLES: [Step[], boolean][] = [
  [[{ ...push, layers: ['one'] }, { ...push, layers: ['two'] }, days(1)], true],
  [
    [{ ...push, layers: ['one'] }, { ...push, layers: ['two'] }, days(1), { kind: 'collect' }],
    true,
  ],
  ...[1, 2, 3].map((rounds): [Step[], boolean] => [
    [
      ...[
        { ...push, layers: ['one'] as const },
        { kind: 'untag', place: 'p/a', tag: 'v1' },
      ],
      ...Array.from({ length: rounds }, () => [days(2), { kind: 'collect' } as const]).flat(),
      days(2),
    ] as Step[],
    true,
  ]),
]

it('a dry run tells exactly what a run does then, and does nothing', async () => {
  const told = { manifests: 0, blobs: 0, objects: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.boolean(),
      async (steps, deleteUntagged) => {
        const world = open()
        for (const one of steps) await take(world, one)
        const before = await world.paid()
        const foreseen = await world.run({ isDryRun: true, deleteUntagged })
        expect(await world.paid()).toBe(before)
        const done = await world.run({ deleteUntagged })
        expect(foreseen.lines).toEqual(done.lines)
        expect(foreseen.result).toEqual(done.result)
        expect(await world.paid()).toBe(before - (done.result['quotaBytes'] ?? 0))
        told.manifests += done.result['manifests'] ?? 0
        told.blobs += done.result['blobs'] ?? 0
        told.objects += done.result['objects'] ?? 0
      },
    ),
    { numRuns: 60, examples: EXAMPLES },
  )
  // Else it told of nothing.
  expect(Object.entries(told).filter(([, count]) => count === 0)).toEqual([])
})

it('a dry run that looks ahead tells what goes in the end when nobody does anything', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.boolean(),
      async (steps, deleteUntagged) => {
        const world = open()
        for (const one of steps) await take(world, one)
        const foreseen = await world.run({ isDryRun: true, ignoresGrace: true, deleteUntagged })
        const lines: string[] = []
        for (let day = 0; day < 14; day += 1) {
          lines.push(...(await world.run({ deleteUntagged })).lines)
          world.pass(DAY_MS)
        }
        expect(foreseen.lines).toEqual(lines.toSorted())
      },
    ),
    { numRuns: 30 },
  )
})
