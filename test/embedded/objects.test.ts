import { readdir, readlink } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Objects, StoredObject } from '../../shared/ports.ts'
import { withDirectory, withEmbedded } from './fresh.ts'

const withObjects = async (use: (objects: Objects) => Promise<void>): Promise<void> => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      await use(objects)
    })
  })
}

const bytesOf = async (object: StoredObject | undefined): Promise<Buffer | undefined> => {
  if (object === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of object.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const always = { ifAbsent: false }
const once = { ifAbsent: true }

test('an object comes back whole and in any range', async () => {
  await withObjects(async (objects) => {
    const bytes = Buffer.alloc(1_300_000, 'roadstead')
    const halves = [bytes.subarray(0, 7), new Uint8Array(0), bytes.subarray(7)]
    expect(await objects.put('object/ab/abc', halves, once)).toBe('created')
    expect(await objects.head('object/ab/abc')).toEqual({ sizeBytes: bytes.length })
    expect((await bytesOf(await objects.get('object/ab/abc')))?.equals(bytes)).toBe(true)
    for (const [start, end] of [
      [0, 0],
      [5, 700_000],
      [1_299_999, 1_299_999],
    ] as const) {
      const object = await objects.get('object/ab/abc', { start, end })
      expect(object?.sizeBytes).toBe(bytes.length)
      expect((await bytesOf(object))?.equals(bytes.subarray(start, end + 1))).toBe(true)
    }
    await expect(objects.get('object/ab/abc', { start: 0, end: 1_300_000 })).rejects.toThrow(
      RangeError,
    )
    expect(await objects.get('object/ab/other')).toBeUndefined()
  })
})

test('an empty object is an object', async () => {
  await withObjects(async (objects) => {
    expect(await objects.put('object/ab/empty', [], once)).toBe('created')
    expect((await bytesOf(await objects.get('object/ab/empty')))?.length).toBe(0)
  })
})

test('of many puts that need the key to be free one succeeds', async () => {
  await withObjects(async (objects) => {
    const outcomes = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, index) => await objects.put('object/ab/key', [Buffer.from([index])], once),
      ),
    )
    const winner = outcomes.indexOf('created')
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(await bytesOf(await objects.get('object/ab/key'))).toEqual(Buffer.from([winner]))
    expect(await objects.put('object/ab/key', [Buffer.from('new')], always)).toBe('created')
    expect(await bytesOf(await objects.get('object/ab/key'))).toEqual(Buffer.from('new'))
  })
})

test('a read that has begun ends well when the object is deleted or replaced meanwhile', async () => {
  await withObjects(async (objects) => {
    const bytes = Buffer.alloc(3_000_000, 1)
    await objects.put('object/ab/key', [bytes], once)
    const object = await objects.get('object/ab/key')
    let seen = 0
    for await (const chunk of object?.body ?? []) {
      if (seen === 0) {
        await objects.put('object/ab/key', [Buffer.from('other')], always)
        expect(await objects.deleteMany(['object/ab/key'])).toEqual([])
      }
      seen += chunk.byteLength
    }
    expect(seen).toBe(bytes.length)
  })
})

test.runIf(process.platform === 'linux')(
  'a body that is not read, or not to its end, does not keep its file open',
  async () => {
    await withObjects(async (objects) => {
      await objects.put('object/ab/key', [Buffer.alloc(3_000_000)], once)
      for (let round = 0; round < 50; round += 1) {
        await objects.get('object/ab/key')
        for await (const chunk of (await objects.get('object/ab/key'))?.body ?? []) {
          expect(chunk.byteLength).toBeGreaterThan(0)
          break
        }
      }
      // The chunk that is being read ahead is waited for before the file is closed.
      await expect.poll(async () => await openNames('object_ab_key'), { timeout: 5_000 }).toBe(0)
    })
  },
)

test('a copy has the bytes of its source and outlives it', async () => {
  await withObjects(async (objects) => {
    await objects.put('tail/ab/abc/x', [Buffer.from('bytes')], once)
    expect(await objects.copy('tail/ab/abc/x', 'object/ab/abc', once)).toBe('created')
    expect(await objects.copy('tail/ab/abc/x', 'object/ab/abc', once)).toBe('exists')
    expect(await objects.copy('tail/ab/abc/y', 'object/ab/abc', always)).toBe('unknownSource')
    await objects.deleteMany(['tail/ab/abc/x'])
    expect(await bytesOf(await objects.get('object/ab/abc'))).toEqual(Buffer.from('bytes'))
  })
})

test('keys are listed by prefix, ascending, in pages of a thousand', async () => {
  await withObjects(async (objects) => {
    const keys = Array.from(
      { length: 1_005 },
      (_, index) => `tail/ab/abc/${String(index).padStart(5, '0')}`,
    )
    for (const key of [...keys, 'tail/ab/abcd', 'tail/zz/zzz', 'object/ab/abc']) {
      await objects.put(key, [], once)
    }
    const first = await objects.list('tail/ab/abc/')
    expect(first).toEqual({ keys: keys.slice(0, 1_000), next: keys[999] })
    expect(await objects.list('tail/ab/abc/', first.next)).toEqual({ keys: keys.slice(1_000) })
    expect(await objects.list('object')).toEqual({ keys: ['object/ab/abc'] })
    expect(await objects.list('tail/z')).toEqual({ keys: ['tail/zz/zzz'] })
  })
})

test('one call deletes a thousand keys, present or not', async () => {
  await withObjects(async (objects) => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `object/ab/${index}`)
    for (const key of keys.slice(0, 100)) await objects.put(key, [], once)
    expect(await objects.deleteMany(keys)).toEqual([])
    expect(await objects.list('object/')).toEqual({ keys: [] })
  })
})

test.each([
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '..',
  'a/../b',
  'A',
  'a_b',
  'a.b',
  'a\0',
  'ä',
  'a'.repeat(300),
])('the key %j is refused', async (key) => {
  await withObjects(async (objects) => {
    await expect(objects.put(key, [], once)).rejects.toThrow(RangeError)
    await expect(objects.get(key)).rejects.toThrow(RangeError)
    await expect(objects.multipart.start(key)).rejects.toThrow(RangeError)
  })
})

/** How many descriptors of this process are of a file with that name. */
const openNames = async (name: string): Promise<number> => {
  const descriptors = await readdir('/proc/self/fd')
  const targets = await Promise.all(
    descriptors.map(async (one) => await readlink(`/proc/self/fd/${one}`).catch(() => '')),
  )
  return targets.filter((target) => target.includes(name)).length
}
