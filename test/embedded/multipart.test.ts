import { appendFile, link, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MIN_PART_BYTES } from '../../shared/ports.ts'
import type { Objects, Part } from '../../shared/ports.ts'
import { withDirectory, withEmbedded } from './fresh.ts'

const key = 'object/ab/abc'
const once = { ifAbsent: true }

const filled = (byte: number, size = MIN_PART_BYTES): Buffer => Buffer.alloc(size, byte)

const putPart = async (
  objects: Objects,
  uploadId: string,
  number: number,
  bytes: Uint8Array,
): Promise<Part> => {
  const etag = await objects.multipart.putPart(key, uploadId, number, [bytes])
  if (etag === undefined) throw new Error('no such upload')
  return { number, etag }
}

const content = async (objects: Objects): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await objects.get(key))?.body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const onlyFile = async (directory: string, ending: string): Promise<string> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith(ending))
  expect(names).toHaveLength(1)
  return join(directory, names[0] ?? '')
}

test('parts put one after the other become the object without a copy', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const uploadId = await objects.multipart.start(key)
      const parts = [
        await putPart(objects, uploadId, 1, filled(1)),
        await putPart(objects, uploadId, 3, filled(2, 10)),
      ]
      const { ino } = await stat(await onlyFile(join(directory, 'uploads'), '.parts'))
      expect(await objects.multipart.complete(key, uploadId, parts, once)).toBe('created')
      expect((await content(objects)).equals(Buffer.concat([filled(1), filled(2, 10)]))).toBe(true)
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
      const folders = await readdir(join(directory, 'objects'), { recursive: true })
      const file = folders.find((name) => name.endsWith('object_ab_abc')) ?? ''
      expect((await stat(join(directory, 'objects', file))).ino).toBe(ino)
    })
  })
})

test('parts put at once, in any order and twice, make the object that their numbers say', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const uploadId = await objects.multipart.start(key)
      await putPart(objects, uploadId, 2, filled(9))
      const parts = await Promise.all(
        [4, 2, 1, 3].map(
          async (number) => await putPart(objects, uploadId, number, filled(number)),
        ),
      )
      const named = parts.filter(({ number }) => number !== 3).sort((a, b) => a.number - b.number)
      expect(await objects.multipart.complete(key, uploadId, named, once)).toBe('created')
      const expected = Buffer.concat([filled(1), filled(2), filled(4)])
      expect((await content(objects)).equals(expected)).toBe(true)
    })
  })
})

test('what S3 refuses is refused, and the upload goes on', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const { multipart } = objects
      const uploadId = await multipart.start(key)
      const small = await putPart(objects, uploadId, 1, filled(1, MIN_PART_BYTES - 1))
      const second = await putPart(objects, uploadId, 2, filled(2, 1))
      const complete = async (parts: readonly Part[], id = uploadId) =>
        await multipart.complete(key, id, parts, once)
      expect(await complete([])).toBe('invalidPart')
      expect(await complete([{ number: 1, etag: 'other' }])).toBe('invalidPart')
      expect(await complete([{ ...small, number: 7 }])).toBe('invalidPart')
      expect(await complete([second, small])).toBe('invalidPart')
      expect(await complete([second, second])).toBe('invalidPart')
      expect(await complete([small, second])).toBe('partTooSmall')
      expect(await complete([small], 'unknown')).toBe('unknownUpload')
      expect(await multipart.complete('object/ab/other', uploadId, [small], once)).toBe(
        'unknownUpload',
      )
      await expect(multipart.putPart(key, uploadId, 0, [])).rejects.toThrow(RangeError)
      await expect(multipart.putPart(key, uploadId, 10_001, [])).rejects.toThrow(RangeError)
      expect(await objects.head(key)).toBeUndefined()
      const first = await putPart(objects, uploadId, 1, filled(1))
      expect(await complete([first, second])).toBe('created')
      expect(await complete([first, second])).toBe('unknownUpload')
      expect(await multipart.putPart(key, uploadId, 3, [])).toBeUndefined()
    })
  })
})

test('an upload whose key was taken meanwhile can still be completed over it', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const uploadId = await objects.multipart.start(key)
      const parts = [await putPart(objects, uploadId, 1, filled(1, 3))]
      await objects.put(key, [Buffer.from('taken')], once)
      expect(await objects.multipart.complete(key, uploadId, parts, once)).toBe('exists')
      expect(await content(objects)).toEqual(Buffer.from('taken'))
      expect(await objects.multipart.complete(key, uploadId, parts, { ifAbsent: false })).toBe(
        'created',
      )
      expect(await content(objects)).toEqual(filled(1, 3))
    })
  })
})

test('abort drops every upload of a key and no other', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects: { multipart } }) => {
      const mine = [await multipart.start(key), await multipart.start(key)]
      const other = await multipart.start('object/ab/other')
      await multipart.abort(key)
      await multipart.abort(key)
      for (const id of mine) expect(await multipart.putPart(key, id, 1, [])).toBeUndefined()
      expect(await multipart.putPart('object/ab/other', other, 1, [])).toBeDefined()
      expect(await readdir(join(directory, 'uploads'))).toHaveLength(2)
    })
  })
})

test('a part that is being put when the upload ends is in the object or is refused', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const uploadId = await objects.multipart.start(key)
      const first = await putPart(objects, uploadId, 1, filled(1))
      const [, outcomes] = await Promise.all([
        Promise.all(
          [2, 3].map(async (n) => await objects.multipart.putPart(key, uploadId, n, [filled(n)])),
        ),
        Promise.all(
          [1, 2].map(async () => await objects.multipart.complete(key, uploadId, [first], once)),
        ),
      ])
      expect(outcomes.sort()).toEqual(['created', 'unknownUpload'])
      expect((await content(objects)).equals(filled(1))).toBe(true)
    })
  })
})

/** A part whose next bytes come when they are told to. */
const slowPart = (bytes: readonly Uint8Array[]) => {
  const gates = bytes.map(() => Promise.withResolvers<undefined>())
  const taken = bytes.map(() => Promise.withResolvers<undefined>())
  const pieces = async function* (): AsyncGenerator<readonly Uint8Array[]> {
    for (const [index, piece] of bytes.entries()) {
      await gates[index]?.promise
      yield [piece]
      taken[index]?.resolve(undefined)
    }
  }
  return {
    incoming: { pieces: pieces(), atMostBytes: 2 * MIN_PART_BYTES },
    /** Has the next piece come; resolves when it is written. */
    send: async (index: number): Promise<void> => {
      gates[index]?.resolve(undefined)
      await taken[index]?.promise
    },
  }
}

test('whoever ends an upload waits for nobody who is still sending a part, whose bytes reach no object', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const { multipart } = objects
      const uploadId = await multipart.start(key)
      const first = await putPart(objects, uploadId, 1, filled(1))
      const slow = slowPart([filled(7, 1000), filled(8, 1000)])
      const sent = multipart.putPart(key, uploadId, 2, slow.incoming)
      await slow.send(0)
      expect(await multipart.complete(key, uploadId, [first], once)).toBe('created')
      void slow.send(1)
      expect(await sent).toBeUndefined()
      expect((await content(objects)).equals(filled(1))).toBe(true)
    })
  })
})

test('an abort waits for nobody who is still sending a part', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects: { multipart } }) => {
      const uploadId = await multipart.start(key)
      const slow = slowPart([filled(7, 1000), filled(8, 1000)])
      const sent = multipart.putPart(key, uploadId, 1, slow.incoming)
      await slow.send(0)
      await multipart.abort(key)
      void slow.send(1)
      expect(await sent).toBeUndefined()
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    })
  })
})

test('a part that is longer than was said is none, and its place is taken by the next', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const { multipart } = objects
      const uploadId = await multipart.start(key)
      const first = await putPart(objects, uploadId, 1, filled(1))
      const { incoming, send } = slowPart([filled(7, 2 * MIN_PART_BYTES), filled(8, 1)])
      const sent = multipart.putPart(key, uploadId, 2, incoming)
      await send(0)
      void send(1)
      await expect(sent).rejects.toThrow(RangeError)
      const second = await putPart(objects, uploadId, 2, filled(2))
      expect(await multipart.complete(key, uploadId, [first, second], once)).toBe('created')
      expect((await content(objects)).equals(Buffer.concat([filled(1), filled(2)]))).toBe(true)
    })
  })
})

test('an upload goes on after a restart with the parts that were acknowledged', async () => {
  await withDirectory(async (directory) => {
    const before = await withEmbedded(directory, async ({ objects }) => {
      const uploadId = await objects.multipart.start(key)
      return { uploadId, first: await putPart(objects, uploadId, 1, filled(1)) }
    })
    // What a crash in the middle of a part leaves: bytes that no line names, and half a line.
    await appendFile(await onlyFile(join(directory, 'uploads'), '.parts'), filled(9, 1000))
    await appendFile(await onlyFile(join(directory, 'uploads'), '.journal'), '\n[2,5242880,10')
    await withEmbedded(directory, async ({ objects }) => {
      const second = await putPart(objects, before.uploadId, 2, filled(2, 10))
      const restarted = { ...before, second }
      expect(restarted.second.number).toBe(2)
      expect(
        await objects.multipart.complete(key, before.uploadId, [before.first, second], once),
      ).toBe('created')
      expect((await content(objects)).equals(Buffer.concat([filled(1), filled(2, 10)]))).toBe(true)
    })
  })
})

test('an upload that had become an object when the crash came can change that object no more', async () => {
  await withDirectory(async (directory) => {
    const uploadId = await withEmbedded(directory, async ({ objects }) => {
      const id = await objects.multipart.start(key)
      await putPart(objects, id, 1, filled(1, 10))
      return id
    })
    await link(
      await onlyFile(join(directory, 'uploads'), '.parts'),
      join(directory, 'objects', '00', 'x'),
    )
    await withEmbedded(directory, async ({ objects }) => {
      expect(await objects.multipart.putPart(key, uploadId, 2, [filled(2, 10)])).toBeUndefined()
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
      expect((await stat(join(directory, 'objects', '00', 'x'))).size).toBe(10)
    })
  })
})
