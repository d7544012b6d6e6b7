import { beforeAll, describe, expect, it } from 'vitest'
import { bucketKey } from '../../shared/bucket.ts'
import { deleteObjects } from '../../shared/gc/delete-objects.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff } from '../../shared/gc/work.ts'
import { DomainError } from '../../shared/errors.ts'
import type { Process } from '../../shared/memory/world.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import { key, type ObjectId } from '../../shared/table.ts'
import { createMortal, isRead, type Around } from '../support/around.ts'
import { createTestApp, imageJson, indexJson, pushBlob, putManifest } from '../support/app.ts'
import { undeleteIn } from '../support/trash.ts'
import { createCalmWorld, type CalmWorld } from './calm-world.ts'
import { garbage } from './garbage.ts'
import { violations } from './invariants.ts'
import { createRegistry } from './registry.ts'
import { gcOf } from './worker.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const NAME = 'p/a'
/** So large that it lies in the bucket. */
const LARGE = { annotations: { padding: Array.from({ length: 300 }, String).join() } }
const PARTS = [imageJson('{}', ['one']), imageJson('{}', ['two'], LARGE)]
const INDEX = indexJson(PARTS)
const DIGEST = digestOf(INDEX)
const CONTENTS = ['{}', 'one', 'two']

/** Works off what is due, now and hour by hour; whatever nobody holds goes. */
const collect = async (world: CalmWorld, hours: number, process = world.startProcess()) => {
  const gc = gcOf(createRegistry(process))
  const work = {
    isStopped: () => false,
    troubled: ({ error }: { readonly error: unknown }) => {
      throw error
    },
  }
  for (let hour = 0; hour <= hours; hour += 1) {
    await unpark(gc, work.isStopped)
    await workOff(gc, work)
    world.pass(HOUR_MS)
  }
}

const settle = async (world: CalmWorld): Promise<void> => {
  await collect(world, 4 * 24)
}

/** An index with two images, one of them large, was deleted and collected; all of it is in the trash. */
let past: CalmWorld
let oids: readonly ObjectId[]

beforeAll(async () => {
  past = createCalmWorld(1)
  const { context } = createRegistry(past.startProcess())
  const registry = createTestApp({ context })
  for (const content of CONTENTS) await pushBlob(registry, NAME, content)
  for (const json of PARTS) await putManifest(registry, NAME, digestOf(json), json)
  await putManifest(registry, NAME, 'v1', INDEX)
  await settle(past)
  oids = CONTENTS.map((content) => oidOf(past, content))
  await registry.app.request(`/v2/${NAME}/manifests/${DIGEST}`, { method: 'DELETE' })
  await collect(past, 8)
  expect(present(past)).toEqual([])
  for (const oid of oids) expect(past.table.get(key.object(oid))).toMatchObject({ state: 'DOOM' })
})

const oidOf = ({ table }: CalmWorld, content: string): ObjectId =>
  String(table.get(key.blob(digestOf(content)))?.['oid']) as ObjectId

/** Manifests and blobs that are there, by their digests. */
const present = ({ table }: CalmWorld): readonly string[] =>
  table
    .items()
    .filter(({ pk, sk }) => sk === '#' && /^(?:MANIFEST|BLOB)#/.test(pk))
    .map(({ pk }) => pk.split('#').at(-1) ?? '')
    .sort()

const ALL = [
  DIGEST,
  ...PARTS.map((json) => digestOf(json)),
  ...CONTENTS.map((one) => digestOf(one)),
]
  .map(String)
  .sort()

const bringBack = async (process: Process, tags: readonly string[] = ['v1']) =>
  await undeleteIn(createRegistry(process).context, NAME, DIGEST, tags)

/** Whether it is there as a whole, and stays; and nothing else does. */
const expectWhole = async (world: CalmWorld, why: string): Promise<void> => {
  expect(violations(world), why).toEqual([])
  await settle(world)
  expect([...violations(world), ...garbage(world)], why).toEqual([])
  expect(present(world), why).toEqual(ALL)
}

/** Whether nothing of it is there in the end. */
const expectNothing = async (world: CalmWorld, why: string): Promise<void> => {
  expect(violations(world), why).toEqual([])
  await settle(world)
  expect([...violations(world), ...garbage(world), ...present(world)], why).toEqual([])
  expect([...world.bucket.objects.keys()], why).toEqual([])
}

/** Calls that one makes where nobody disturbs it. */
const callsOf = async (run: (world: CalmWorld, process: Process) => Promise<unknown>) => {
  const world = past.copy(2)
  const methods: string[] = []
  await run(
    world,
    world.startProcess(async (method, call) => {
      methods.push(method)
      return await call()
    }),
  )
  return methods
}

/** Holds a process up before its n-th call, until something else is over. */
const heldUpAt = (last: number, other: () => Promise<unknown>): Around => {
  let calls = 0
  return async (_method, call) => {
    calls += 1
    if (calls === last) await other()
    return await call()
  }
}

const orRefusal = async (run: Promise<unknown>): Promise<boolean> => {
  try {
    await run
    return true
  } catch (error) {
    if (error instanceof DomainError || error instanceof RegistryError) return false
    throw error
  }
}

describe('what is brought back', () => {
  it('is whole, or not there at all, at whichever call its process dies', async () => {
    const methods = await callsOf(async (_world, process) => await bringBack(process))
    let writes = 0
    for (const [index, method] of methods.entries()) {
      if (isRead(method)) continue
      for (const how of ['before', 'after', 'late'] as const) {
        const world = past.copy(1_000 + index)
        const { around, arriveLate, died } = createMortal({ call: index + 1, how })
        await Promise.race([bringBack(world.startProcess(around)), died])
        expect(violations(world)).toEqual([])
        // A transaction that arrives within its ten minutes; a batch or a put that does later is nobody's.
        if (how === 'late') await arriveLate()
        const why = `${how} ${method}, call ${index + 1}`
        const isThere = present(world).includes(DIGEST)
        if (isThere) await expectWhole(world, why)
        else await expectNothing(world, why)
      }
      writes += 1
    }
    expect(writes).toBeGreaterThan(15)
  })

  it('is whole after the process that died is followed by one that begins again', async () => {
    const methods = await callsOf(async (_world, process) => await bringBack(process))
    for (const [index, method] of methods.entries()) {
      if (isRead(method)) continue
      const world = past.copy(2_000 + index)
      const { around, died } = createMortal({ call: index + 1, how: 'after' })
      await Promise.race([bringBack(world.startProcess(around)), died])
      await bringBack(world.startProcess())
      await expectWhole(world, `call ${index + 1}`)
    }
  })

  it('is whole when two bring it back at once, wherever one is held up', async () => {
    const methods = await callsOf(async (_world, process) => await bringBack(process))
    for (const index of methods.keys()) {
      const world = past.copy(3_000 + index)
      const other = async () => await bringBack(world.startProcess(), ['other'])
      await bringBack(world.startProcess(heldUpAt(index + 1, other)))
      await expectWhole(world, `call ${index + 1}`)
    }
  })

  it('is whole when it is pushed anew meanwhile, wherever one is held up', async () => {
    const push = async (process: Process) => {
      const registry = createTestApp({ context: createRegistry(process).context })
      for (const content of CONTENTS) await pushBlob(registry, NAME, content)
      for (const json of [...PARTS, INDEX]) {
        const { status } = await putManifest(registry, NAME, digestOf(json), json)
        expect(status).toBe(201)
      }
      expect(registry.failures).toEqual([])
    }
    const undeleting = await callsOf(async (_world, process) => await bringBack(process))
    for (const index of undeleting.keys()) {
      const world = past.copy(4_000 + index)
      const other = async () => {
        await push(world.startProcess())
      }
      await bringBack(world.startProcess(heldUpAt(index + 1, other)))
      await expectWhole(world, `undeletion held up at call ${index + 1}`)
    }
    const pushing = await callsOf(async (_world, process) => {
      await push(process)
    })
    for (const index of pushing.keys()) {
      const world = past.copy(5_000 + index)
      const other = async () => await bringBack(world.startProcess())
      await push(world.startProcess(heldUpAt(index + 1, other)))
      await expectWhole(world, `push held up at call ${index + 1}`)
    }
  })

  it('is whole or refused when the trash is emptied meanwhile, wherever one is held up', async () => {
    const late = (seed: number): CalmWorld => {
      const world = past.copy(seed)
      world.pass(2 * DAY_MS)
      return world
    }
    const methods = await callsOf(async (_world, process) => await bringBack(process))
    const outcomes = new Set<boolean>()
    for (const index of methods.keys()) {
      const world = late(6_000 + index)
      const other = async () => {
        await collect(world, 0)
      }
      const isBack = await orRefusal(bringBack(world.startProcess(heldUpAt(index + 1, other))))
      outcomes.add(isBack)
      const why = `undeletion held up at call ${index + 1}`
      if (isBack) await expectWhole(world, why)
      else await expectNothing(world, why)
    }
    const emptying: string[] = []
    const alone = late(7)
    await collect(
      alone,
      0,
      alone.startProcess(async (method, call) => {
        emptying.push(method)
        return await call()
      }),
    )
    for (const index of emptying.keys()) {
      const world = late(7_000 + index)
      const seen = { isBack: false }
      const other = async () => {
        seen.isBack = await orRefusal(bringBack(world.startProcess()))
      }
      await collect(world, 0, world.startProcess(heldUpAt(index + 1, other)))
      outcomes.add(seen.isBack)
      const why = `collector held up at call ${index + 1}`
      if (seen.isBack) await expectWhole(world, why)
      else await expectNothing(world, why)
    }
    expect(outcomes).toEqual(new Set([true, false]))
  })

  it('is in the trash for its whole time when it is deleted once more', async () => {
    const world = past.copy(8)
    const { context } = createRegistry(world.startProcess())
    const registry = createTestApp({ context })
    await bringBack(world.startProcess())
    await registry.app.request(`/v2/${NAME}/manifests/${DIGEST}`, { method: 'DELETE' })
    // Leases end, everything is collected again; the tasks of the first time come due in between.
    await collect(world, 44)
    for (const content of CONTENTS) expect(oidOf(world, content)).toBe('undefined')
    const kept = oids.map((oid) => world.bucket.objects.has(bucketKey.object(oid)))
    expect(kept).toEqual([true, true, true])
  })
})

describe('the object of a blob', () => {
  it('is not deleted by the task of its first time in the trash', async () => {
    const world = past.copy(9)
    const [oid] = oids
    if (oid === undefined) throw new Error('no object')
    const task = { type: 'OBJECT_DELETE', oid, size: 2, digest: digestOf('{}') } as const
    const record = world.table.get(key.object(oid))
    world.table.set(key.object(oid), {
      ...key.object(oid),
      ...record,
      deleteAt: Number.MAX_SAFE_INTEGER,
    })
    const gc = gcOf(createRegistry(world.startProcess()))
    expect(await deleteObjects(gc, [task])).toEqual([{ again: Number.MAX_SAFE_INTEGER }])
    expect(world.bucket.objects.has(bucketKey.object(oid))).toBe(true)
  })
})
