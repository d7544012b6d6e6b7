/** Objects that are read through by a worker while the client asks again and again. */
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createWorker } from '../../functions/worker/worker.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Clock, Queue } from '../../shared/ports.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import {
  entrustVerification,
  takeOnVerification,
} from '../../shared/registry/uploads/direct/entrust.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { createTestApp } from '../support/app.ts'

const BYTES = Buffer.from('in parts of five bytes each')
const LIE = Buffer.from('other bytes of equal length')
const LIMITS = { minPartBytes: 4, directPartBytes: 5, directPutBytes: 10, checkpointBytes: 6 }
const MINUTE = 60_000
const LONG = 15 * MINUTE

/** What the queue does with what it is given. */
type Post = (send: () => Promise<void>) => Promise<void>

type World = {
  readonly post?: Post
  /** The time that a call of the worker has left whenever it looks. */
  readonly timer?: () => () => number
  /** Whether there is a worker at the moment. */
  readonly isWorking?: () => boolean
}

/** A registry and a worker on one store; whenever somebody waits, time passes and the worker works. */
const createWorld = ({ isWorking = () => true, post, timer = () => () => LONG }: World = {}) => {
  const { kv, objects, queue: real, send } = openMemory(LIMITS.minPartBytes)
  let sent = 0
  let time = Date.now()
  const queue: Queue = {
    send: async (text, options) => {
      sent += 1
      const deliver = async (): Promise<void> => {
        await real.send(text, options)
      }
      await (post === undefined ? deliver() : post(deliver))
    },
  }
  const clock: Clock = {
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds
      await work()
    },
  }
  const store = { kv, clock, ids: createRandomIds() }
  const context: RegistryContext = {
    ...{ store, objects, allowSparse: false },
    limits: { ...DEFAULT_LIMITS, ...LIMITS },
    repositories: createRepositories(store, { createProjectsOnPush: true }),
  }
  const errors: unknown[] = []
  // Of its own: nothing of a hash is shared with the registry but what is written into the session.
  const entrusted = () => ({ context, hashing: createPortableHashing(), queue })
  const worker = createWorker({
    looks: {
      auditPurge: () => Promise.reject(new Error('no jobs here')),
      garbageCollection: () => Promise.reject(new Error('no jobs here')),
      storageAudit: () => Promise.reject(new Error('no jobs here')),
    },
    collect: () => Promise.reject(new Error('no garbage here')),
    takeStep: () => Promise.reject(new Error('no garbage here')),
    handlers: createHandlers({
      runJob: () => Promise.reject(new Error('no jobs here')),
      verifyUpload: takeOnVerification(entrusted()),
    }),
    reportError: (error) => errors.push(error),
  })
  const work = async (): Promise<void> => {
    if (!isWorking()) return
    for (const { attempt, done, failed, id, text } of await real.receive(1)) {
      const records = [
        {
          ...{ eventSource: 'aws:sqs', messageId: id, body: text },
          attributes: { ApproximateReceiveCount: attempt },
        },
      ]
      const answer = await worker({ Records: records }, { remainingMs: timer() })
      const isDone =
        answer !== undefined &&
        'batchItemFailures' in answer &&
        answer.batchItemFailures.length === 0
      await (isDone ? done() : failed())
    }
  }
  const registry = createTestApp({ context, verify: entrustVerification(entrusted()) })
  const pass = (milliseconds: number): void => {
    time += milliseconds
  }
  return { registry, store, objects, send, errors, work, pass, real, sent: () => sent }
}

type Test = ReturnType<typeof createWorld>

const answer = z.object({
  upload: z.string().optional(),
  state: z.string().optional(),
  verified: z.number().optional(),
  parts: z.array(z.object({ url: z.string(), offset: z.number(), size: z.number() })).optional(),
  errors: z.array(z.object({ code: z.string() })).optional(),
})

const post = async ({ registry }: Test, path: string, body?: object) => {
  const response = await registry.app.request(`/v2/p/a/_direct${path}`, {
    method: 'POST',
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, ...answer.parse(text === '' ? {} : JSON.parse(text)) }
}

/** An upload all of whose parts are there. */
const upload = async (world: Test, bytes = BYTES): Promise<string> => {
  const wanted = { digest: digestOf(BYTES), size: BYTES.byteLength }
  const begun = await world.registry.app.request('/v2/p/a/_direct', {
    method: 'POST',
    body: JSON.stringify(wanted),
  })
  const { upload: id } = z.object({ upload: z.string() }).parse(await begun.json())
  const { parts = [] } = await post(world, `/${id}/parts`, { numbers: [1, 2, 3, 4, 5, 6] })
  for (const { offset, size, url } of parts) {
    expect(await world.send('PUT', url, bytes.subarray(offset, offset + size))).toBe(200)
  }
  return id
}

const finish = async (world: Test, id: string) => await post(world, `/${id}/finish`)

const pulled = async ({ registry }: Test): Promise<string | number> => {
  const response = await registry.app.request(`/v2/p/a/blobs/${digestOf(BYTES)}`)
  return response.status === 200 ? await response.text() : response.status
}

describe('verification by the worker', () => {
  it('is done while the request waits, by one message', async () => {
    const world = createWorld()
    const id = await upload(world)
    expect((await finish(world, id)).status).toBe(201)
    expect([world.sent(), world.errors]).toEqual([1, []])
    expect(await pulled(world)).toBe(BYTES.toString())
  })

  it('is asked for once however often the client asks, and told of as long as it takes', async () => {
    let isWorking = false
    const world = createWorld({ isWorking: () => isWorking })
    const id = await upload(world)
    for (let asked = 0; asked < 8; asked += 1) {
      expect(await finish(world, id)).toMatchObject({
        status: 202,
        state: 'verifying',
        verified: 0,
      })
    }
    expect(world.sent()).toBe(1)
    isWorking = true
    expect((await finish(world, id)).status).toBe(201)
    expect(world.sent()).toBe(1)
  })

  it('is asked for again when a message is lost, after a minute', async () => {
    let lost = 0
    const world = createWorld({
      post: async (send) => {
        if (lost === 0) lost += 1
        else await send()
      },
    })
    const id = await upload(world)
    expect((await finish(world, id)).status).toBe(202)
    world.pass(MINUTE)
    expect((await finish(world, id)).status).toBe(201)
    expect([lost, world.sent()]).toEqual([1, 2])
  })

  it('bears that a message comes twice, and when all is over', async () => {
    const world = createWorld({
      post: async (send) => {
        await send()
        await send()
      },
    })
    const id = await upload(world)
    expect((await finish(world, id)).status).toBe(201)
    await world.work()
    await world.work()
    expect(world.errors).toEqual([])
    expect(await world.real.receive(1)).toEqual([])
    expect(await pulled(world)).toBe(BYTES.toString())
  })

  it('goes on by another message when the worker has to end, without anybody asking', async () => {
    let isWorking = false
    const world = createWorld({
      isWorking: () => isWorking,
      timer: () => {
        let looks = 0
        return () => ((looks += 1) > 3 ? 0 : LONG)
      },
    })
    const id = await upload(world)
    expect((await finish(world, id)).status).toBe(202)
    isWorking = true
    for (let turns = 0; turns < 50; turns += 1) await world.work()
    expect(world.sent()).toBeGreaterThan(2)
    expect(world.errors).toEqual([])
    expect(await pulled(world)).toBe(BYTES.toString())
  })

  it('fails the upload whose bytes are others, and is no failure of the worker', async () => {
    const world = createWorld()
    const id = await upload(world, LIE)
    expect(await finish(world, id)).toMatchObject({
      status: 400,
      errors: [{ code: 'DIGEST_INVALID' }],
    })
    expect([world.errors, world.real.deadLetters()]).toEqual([[], []])
    expect(await pulled(world)).toBe(404)
  })

  it('tells the client when the quota has no room, and goes on when it has', async () => {
    const world = createWorld()
    const id = await upload(world)
    const project = await world.registry.app.request('/v2/p/a/tags/list')
    expect(project.status).toBe(200)
    const repository = await createRepositories(world.store, {
      createProjectsOnPush: false,
    }).existing(parseRepositoryName('p/a'))
    if (repository === undefined) throw new Error('no repository')
    await setStorageLimit(world.store, repository.pid, 1)
    expect(await finish(world, id)).toMatchObject({ status: 403, errors: [{ code: 'DENIED' }] })
    expect([world.errors, world.real.deadLetters()]).toEqual([[], []])
    await setStorageLimit(world.store, repository.pid, 1_000)
    expect((await finish(world, id)).status).toBe(201)
  })

  it('is nothing to a worker whose upload is gone', async () => {
    let isWorking = false
    const world = createWorld({ isWorking: () => isWorking })
    const id = await upload(world)
    await finish(world, id)
    const path = `/v2/p/a/_direct/${id}`
    expect((await world.registry.app.request(path, { method: 'DELETE' })).status).toBe(204)
    isWorking = true
    await world.work()
    expect([world.errors, await world.real.receive(1)]).toEqual([[], []])
  })

  it('answers as a failure of the store when no message can be sent, and sends it the next time', async () => {
    let failures = 1
    const world = createWorld({
      post: async (send) => {
        failures -= 1
        if (failures >= 0) throw new Error('the queue is away')
        await send()
      },
    })
    const id = await upload(world)
    expect((await finish(world, id)).status).toBe(500)
    expect((await finish(world, id)).status).toBe(201)
  })
})
