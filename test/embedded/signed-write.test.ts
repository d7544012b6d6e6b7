import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Embedded } from '../../shared/embedded/open.ts'
import { objectPath } from '../../shared/embedded/object-path.ts'
import { MIN_PART_BYTES } from '../../shared/ports.ts'
import { withDirectory, withEmbedded } from './fresh.ts'

const writes = { baseUrl: 'http://127.0.0.1:5000', secret: 'secret' }
const KEY = 'object/ab/abc'
const MIB = 1024 * 1024
const part = (number: number): Buffer => Buffer.alloc(MIN_PART_BYTES + number, number)

const body = async function* (bytes: Uint8Array, error?: Error) {
  await Promise.resolve()
  for (let at = 0; at < bytes.byteLength; at += MIB) yield [bytes.subarray(at, at + MIB)]
  if (error !== undefined) throw error
}

const receivePart = async (
  { objects, receive }: Embedded,
  uploadId: string,
  number: number,
  options: { readonly offset: number; readonly error?: Error },
) => {
  const bytes = part(number)
  const signed = await objects.multipart.signedPart(KEY, uploadId, number, {
    expiresInSeconds: 60,
    sizeBytes: bytes.byteLength,
    offset: options.offset,
  })
  const url = new URL(signed?.url ?? '')
  return await receive(url, bytes.byteLength, body(bytes, options.error))
}

/** Where each part begins, when all lie in order. */
const offsets = [0, MIN_PART_BYTES + 1, 2 * MIN_PART_BYTES + 3]

const finish = async (directory: string, { objects }: Embedded, uploadId: string) => {
  const listed = await objects.multipart.parts(KEY, uploadId)
  const partsFile = await stat(join(directory, 'uploads', `${uploadId}.parts`))
  const outcome = await objects.multipart.complete(KEY, uploadId, listed?.parts ?? [], {
    ifAbsent: true,
  })
  expect(outcome).toBe('created')
  const stored = await objects.get(KEY)
  const pieces: Uint8Array[] = []
  for await (const piece of stored?.body ?? []) pieces.push(piece)
  expect(Buffer.concat(pieces).equals(Buffer.concat([part(1), part(2), part(3)]))).toBe(true)
  const object = await stat(objectPath(join(directory, 'objects'), KEY).file)
  // The file of parts has become the object, or its bytes were copied into another file.
  return object.ino === partsFile.ino ? 'renamed' : 'copied'
}

describe('parts by signed URLs', () => {
  test('lie where they belong, whatever order they come in, so that none is copied', async () => {
    await withDirectory(async (directory) => {
      await withEmbedded(
        directory,
        async (embedded) => {
          const uploadId = await embedded.objects.multipart.start(KEY)
          for (const number of [3, 1, 2]) {
            const offset = offsets[number - 1] ?? 0
            const received = await receivePart(embedded, uploadId, number, { offset })
            expect(received).toMatchObject({ outcome: 'stored' })
          }
          expect(await finish(directory, embedded, uploadId)).toBe('renamed')
        },
        { writes },
      )
    })
  })

  test('do not touch what was acknowledged when they come again', async () => {
    await withDirectory(async (directory) => {
      await withEmbedded(
        directory,
        async (embedded) => {
          const uploadId = await embedded.objects.multipart.start(KEY)
          for (const number of [1, 2, 3]) {
            await receivePart(embedded, uploadId, number, { offset: offsets[number - 1] ?? 0 })
          }
          const error = new Error('the client went away')
          await expect(
            receivePart(embedded, uploadId, 2, { offset: offsets[1] ?? 0, error }),
          ).rejects.toThrow()
          expect(await finish(directory, embedded, uploadId)).toBe('copied')
        },
        { writes },
      )
    })
  })

  test('that broke off leave their place to the next try, also over a restart', async () => {
    await withDirectory(async (directory) => {
      let uploadId = ''
      await withEmbedded(
        directory,
        async (embedded) => {
          uploadId = await embedded.objects.multipart.start(KEY)
          await receivePart(embedded, uploadId, 3, { offset: offsets[2] ?? 0 })
          const error = new Error('the client went away')
          await expect(receivePart(embedded, uploadId, 1, { offset: 0, error })).rejects.toThrow()
        },
        { writes },
      )
      await withEmbedded(
        directory,
        async (embedded) => {
          const listed = await embedded.objects.multipart.parts(KEY, uploadId)
          expect(listed?.parts.map(({ number }) => number)).toEqual([3])
          for (const number of [1, 2]) {
            await receivePart(embedded, uploadId, number, { offset: offsets[number - 1] ?? 0 })
          }
          expect(await finish(directory, embedded, uploadId)).toBe('renamed')
        },
        { writes },
      )
    })
  })
})

test('a URL for reading puts nothing, and one that was changed neither', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(
      directory,
      async ({ objects, receive }) => {
        const read = await objects.signedRead(KEY, { expiresInSeconds: 60, contentType: 'a/b' })
        const put = await objects.signedPut(KEY, {
          ...{ expiresInSeconds: 60, sizeBytes: 1, sha256: 'a' },
        })
        const other = new URL(put?.url ?? '')
        other.searchParams.set('size', '2')
        for (const url of [new URL(read ?? ''), other]) {
          expect(await receive(url, 1, body(Buffer.of(1)))).toEqual({ outcome: 'forbidden' })
        }
      },
      { writes, redirect: { ...writes } },
    )
  })
})
