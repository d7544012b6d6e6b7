import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import {
  MIN_PART_BYTES,
  PortError,
  type Kv,
  type Multipart,
  type Objects,
} from '../../shared/ports.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import { createTestApp, pushBlob, type TestApp } from '../support/app.ts'

const MIB = 1024 * 1024
const PIECE_BYTES = 64 * 1024

const begin = async ({ app }: TestApp, query = ''): Promise<string> => {
  const response = await app.request(`/v2/p/a/blobs/uploads/${query}`, { method: 'POST' })
  expect(response.status).toBe(202)
  return response.headers.get('Location') ?? ''
}

const send = async (
  { app }: TestApp,
  method: string,
  path: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  await app.request(path, {
    method,
    body: Buffer.from(bytes),
    headers: { 'Content-Length': String(bytes.byteLength), ...headers },
  })

const pull = async ({ app }: TestApp, bytes: Uint8Array): Promise<void> => {
  const response = await app.request(`/v2/p/a/blobs/${digestOf(bytes)}`)
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
}

/** No two of its parts are alike, whatever their size: its bytes say here and there where they are. */
const pattern = (length: number): Uint8Array => {
  const bytes = Buffer.alloc(length, 'bytes of a layer, over and over again')
  for (let at = 0; at + 4 <= length; at += 1_000) bytes.writeUInt32BE(at, at)
  return bytes
}

/** As it comes from a socket; `taken` is told of every piece that is asked for. */
const inPieces = async function* (
  bytes: Uint8Array,
  taken: (from: number) => void = () => undefined,
): Batches {
  for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
    taken(from)
    yield [bytes.subarray(from, from + PIECE_BYTES)]
    await setImmediate()
  }
}

describe('an upload of several parts', () => {
  it.each([
    ['ends inside a part', 9 * MIB, []],
    ['ends with a part', 16 * MIB, []],
    ['comes in chunks below the least part', 7 * MIB, [MIB, 2 * MIB, 3 * MIB]],
    ['comes in chunks about the least part', 12 * MIB, [MIN_PART_BYTES, 2 * MIN_PART_BYTES]],
    ['goes on from a tail behind parts', 14 * MIB, [10 * MIB]],
  ])('is whole when it %s', async (_what, length, cuts) => {
    const registry = createTestApp({ limits: { partBytes: 6 * MIB } })
    const bytes = pattern(length)
    const location = await begin(registry)
    const edges = [0, ...cuts, length]
    for (const [index, from] of edges.slice(0, -1).entries()) {
      const chunk = bytes.subarray(from, edges[index + 1])
      const response = await send(registry, 'PATCH', location, chunk)
      expect(response.status).toBe(202)
    }
    const done = await send(registry, 'PUT', `${location}?digest=${digestOf(bytes)}`, Buffer.of())
    expect(done.status).toBe(201)
    await pull(registry, bytes)
  })

  it('is whole when it goes on where parts are smaller', async () => {
    const [large, small] = [8 * MIB, MIN_PART_BYTES].map((partBytes) => ({ limits: { partBytes } }))
    const registry = createTestApp(large)
    const other = createTestApp({ ...small, wrap: () => registry })
    const bytes = pattern(13 * MIB)
    const location = await begin(registry)
    // Too little for a part here, and more than one there.
    expect((await send(registry, 'PATCH', location, bytes.subarray(0, 7 * MIB))).status).toBe(202)
    const body = inPieces(bytes.subarray(7 * MIB))
    const headers = { 'Transfer-Encoding': 'chunked' }
    const sent = await other.app.request(location, { method: 'PATCH', headers }, { body })
    expect(sent.status).toBe(202)
    const done = await send(other, 'PUT', `${location}?digest=${digestOf(bytes)}`, Buffer.of())
    expect(done.status).toBe(201)
    await pull(registry, bytes)
  })

  it('is whole when its last chunk comes with the PUT', async () => {
    const registry = createTestApp({ limits: { partBytes: 6 * MIB } })
    const bytes = pattern(13 * MIB)
    const location = await begin(registry)
    await send(registry, 'PATCH', location, bytes.subarray(0, 7 * MIB))
    const rest = bytes.subarray(7 * MIB)
    const done = await send(registry, 'PUT', `${location}?digest=${digestOf(bytes)}`, rest)
    expect(done.status).toBe(201)
    await pull(registry, bytes)
  })
})

/** Holds back what a test does not want to end yet. */
const heldParts = () => {
  const held: (() => void)[] = []
  const wrap = ({ kv, objects }: { kv: Kv; objects: Objects }) => {
    const putPart: Multipart['putPart'] = async (...args) => {
      await new Promise<void>((resolve) => held.push(resolve))
      return await objects.multipart.putPart(...args)
    }
    return { kv, objects: { ...objects, multipart: { ...objects.multipart, putPart } } }
  }
  return { held, wrap }
}

describe('an upload to a store that is slower than its client', () => {
  const partBytes = MIN_PART_BYTES

  it('takes no more bytes than three parts hold', async () => {
    const { held, wrap } = heldParts()
    const registry = createTestApp({ limits: { partBytes }, wrap })
    const bytes = pattern(5 * partBytes)
    const location = await begin(registry)
    let taken = 0
    const body = inPieces(bytes, (from) => (taken = from))
    const headers = { 'Transfer-Encoding': 'chunked' }
    const answer = registry.app.request(location, { method: 'PATCH', headers }, { body })
    await vi.waitUntil(() => taken >= 3 * partBytes - PIECE_BYTES)
    // Time enough to take more.
    for (let turn = 0; turn < 100; turn += 1) await setImmediate()
    expect([held.length, taken]).toEqual([3, 3 * partBytes - PIECE_BYTES])
    const free = setInterval(() => {
      held.splice(0).forEach((release) => {
        release()
      })
    })
    expect((await answer).status).toBe(202)
    clearInterval(free)
  })

  it('is whole whichever part is stored first', async () => {
    const { held, wrap } = heldParts()
    const registry = createTestApp({ limits: { partBytes }, wrap })
    const bytes = pattern(4 * partBytes + 1000)
    const location = await begin(registry)
    const answer = send(registry, 'PATCH', location, bytes)
    const free = setInterval(() => {
      held.splice(-1).forEach((release) => {
        release()
      })
    })
    expect((await answer).status).toBe(202)
    clearInterval(free)
    const done = await send(registry, 'PUT', `${location}?digest=${digestOf(bytes)}`, Buffer.of())
    expect(done.status).toBe(201)
    await pull(registry, bytes)
  })

  it('fails, and can go on where it stood, when one of its parts fails', async () => {
    let isBroken = true
    const wrap = ({ kv, objects }: { kv: Kv; objects: Objects }) => {
      const putPart: Multipart['putPart'] = async (key, id, number, bytes) => {
        if (isBroken && number === 2) throw new PortError('unavailable', 'no answer')
        return await objects.multipart.putPart(key, id, number, bytes)
      }
      return { kv, objects: { ...objects, multipart: { ...objects.multipart, putPart } } }
    }
    const registry = createTestApp({ limits: { partBytes }, wrap })
    const bytes = pattern(3 * partBytes + 1000)
    const location = await begin(registry)
    expect((await send(registry, 'PATCH', location, bytes)).status).toBe(503)
    expect((await registry.app.request(location)).headers.get('Range')).toBe('0-0')
    isBroken = false
    expect((await send(registry, 'PATCH', location, bytes)).status).toBe(202)
    const done = await send(registry, 'PUT', `${location}?digest=${digestOf(bytes)}`, Buffer.of())
    expect(done.status).toBe(201)
    await pull(registry, bytes)
  })
})

describe('a PUT that is made again', () => {
  it('is done when the one before came as far as the object', async () => {
    let isBroken = true
    const wrap = ({ kv, objects }: { kv: Kv; objects: Objects }) => {
      const transact: Kv['transact'] = async (operations, token) => {
        const isCommit = operations.some(
          (one) => one.op === 'put' && one.item.pk.startsWith('BLOB#') && one.item.sk === '#',
        )
        if (isBroken && isCommit) throw new PortError('full', 'no room for it')
        return await kv.transact(operations, token)
      }
      return { kv: { ...kv, transact }, objects }
    }
    const registry = createTestApp({ limits: { partBytes: MIN_PART_BYTES }, wrap })
    const bytes = pattern(3 * MIN_PART_BYTES + 1000)
    const location = await begin(registry)
    const put = `${location}?digest=${digestOf(bytes)}`
    expect((await send(registry, 'PUT', put, bytes)).status).toBe(507)
    isBroken = false
    expect((await send(registry, 'PUT', put, bytes)).status).toBe(201)
    await pull(registry, bytes)
  })
})

describe('a chunk', () => {
  it('that does not continue the upload is answered by where that stands', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    await send(registry, 'PATCH', location, Buffer.from('abc'), { 'Content-Range': '0-2' })
    const gap = await send(registry, 'PATCH', location, Buffer.from('xyz'), {
      'Content-Range': '5-7',
    })
    expect([gap.status, gap.headers.get('Range'), gap.headers.get('Location')]).toEqual([
      416,
      '0-2',
      location,
    ])
    const status = await registry.app.request(location)
    expect([status.status, status.headers.get('Range')]).toEqual([204, '0-2'])
  })

  it('whose headers give two lengths is refused', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    const response = await send(registry, 'PATCH', location, Buffer.from('abc'), {
      'Content-Range': '0-9',
    })
    expect(response.status).toBe(400)
  })

  it('that breaks off is kept as far as it came', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    const broken = (async function* (): Batches {
      await Promise.resolve()
      yield [Buffer.from('abc')]
      throw new Error('the client went away')
    })()
    const response = await registry.app.request(
      location,
      { method: 'PATCH', headers: { 'Transfer-Encoding': 'chunked' } },
      { body: broken },
    )
    expect(response.status).toBe(500)
    const status = await registry.app.request(location)
    expect(status.headers.get('Range')).toBe('0-2')
    await send(registry, 'PATCH', location, Buffer.from('def'), { 'Content-Range': '3-5' })
    const whole = Buffer.from('abcdef')
    const done = await send(registry, 'PUT', `${location}?digest=${digestOf(whole)}`, Buffer.of())
    expect(done.status).toBe(201)
  })
})

describe('two writers on one upload', () => {
  it('have one winner, and the other is told', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    const answers = await Promise.all(
      ['first', 'other'].map(
        async (text) => await send(registry, 'PATCH', location, Buffer.from(text)),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 416])
  })
})

describe('a digest', () => {
  it('that is wrong leaves the upload as it was', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    const bytes = Buffer.from('abc')
    await send(registry, 'PATCH', location, bytes)
    const wrong = await send(
      registry,
      'PUT',
      `${location}?digest=${digestOf('other')}`,
      Buffer.of(),
    )
    expect(wrong.status).toBe(400)
    const right = await send(registry, 'PUT', `${location}?digest=${digestOf(bytes)}`, Buffer.of())
    expect(right.status).toBe(201)
  })

  it('of sha512 is taken, announced at the beginning or not', async () => {
    for (const query of ['', '?digest-algorithm=sha512']) {
      const registry = createTestApp()
      const location = await begin(registry, query)
      const bytes = Buffer.from('abc')
      const digest = digestOf(bytes, 'sha512')
      await send(registry, 'PATCH', location, bytes)
      expect(
        (await send(registry, 'PUT', `${location}?digest=${digest}`, Buffer.of())).status,
      ).toBe(201)
      const got = await registry.app.request(`/v2/p/a/blobs/${digest}`)
      expect(await got.text()).toBe('abc')
    }
  })

  it('is accepted again when the first answer got lost', async () => {
    const registry = createTestApp()
    const location = await begin(registry)
    const path = `${location}?digest=${digestOf('abc')}`
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await send(registry, 'PUT', path, Buffer.from('abc'))).status).toBe(201)
    }
  })
})

describe('a mount', () => {
  it('takes a blob from where it is said to be, or from anywhere', async () => {
    const registry = createTestApp()
    const digest = await pushBlob(registry, 'q/b', 'theirs')
    for (const [name, from] of [
      ['p/a', '&from=q/b'],
      ['p/b', ''],
    ] as const) {
      const path = `/v2/${name}/blobs/uploads/?mount=${digest}${from}`
      const response = await registry.app.request(path, { method: 'POST' })
      expect([response.status, response.headers.get('Location')]).toEqual([
        201,
        `/v2/${name}/blobs/${digest}`,
      ])
      expect(await (await registry.app.request(`/v2/${name}/blobs/${digest}`)).text()).toBe(
        'theirs',
      )
    }
  })

  it('of what is not there begins an upload', async () => {
    const registry = createTestApp()
    await begin(registry, `?mount=${digestOf('nothing')}&from=q/b`)
    await begin(registry, `?mount=${digestOf('nothing')}`)
  })
})
