import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import { MAX_PART_NUMBER, type Multipart, type Part } from '../../../shared/ports.ts'
import {
  bytesOf,
  filled,
  freshObject,
  fullPart,
  read,
  readText,
  sha256,
  type ObjectsSubject,
} from './subject.ts'

const once = { ifAbsent: true }

export const multipart = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  const complete: Multipart['complete'] = async (...args) => {
    return await subject.objects.multipart.complete(...args)
  }

  const putPart = async (
    key: string,
    uploadId: string,
    number: number,
    bytes: readonly Uint8Array[],
  ): Promise<Part> => {
    const etag = await subject.objects.multipart.putPart(key, uploadId, number, bytes)
    if (etag === undefined) throw new Error('the upload is unknown')
    return { number, etag }
  }

  guarantee('parts of 5 MiB and a short last one make the object, in order', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const last = await putPart(key, uploadId, 3, bytesOf('end'))
    const first = await putPart(key, uploadId, 1, fullPart(1))
    const second = await putPart(key, uploadId, 2, [filled(5_000_000, 2), filled(242_880, 3)])
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await complete(key, uploadId, [first, second, last], once)).toBe('created')
    const whole = [...fullPart(1), filled(5_000_000, 2), filled(242_880, 3), ...bytesOf('end')]
    const stored = await read(subject.objects, key)
    expect(stored?.length).toBe(2 * 5 * 1024 * 1024 + 3)
    expect(sha256(stored && [stored])).toBe(sha256(whole))
  })

  guarantee('a part may come piece by piece, and be shorter than was said', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const pieces = async function* (): AsyncGenerator<readonly Uint8Array[]> {
      yield [filled(3_000_000, 1), filled(1_000_000, 2)]
      await setImmediate()
      yield [filled(1_242_880, 3)]
    }
    const incoming = { pieces: pieces(), atMostBytes: 6 * 1024 * 1024 }
    const etag = await subject.objects.multipart.putPart(key, uploadId, 1, incoming)
    const last = await putPart(key, uploadId, 2, bytesOf('end'))
    expect(await complete(key, uploadId, [{ number: 1, etag: String(etag) }, last], once)).toBe(
      'created',
    )
    const whole = [filled(3_000_000, 1), filled(1_000_000, 2), filled(1_242_880, 3)]
    const stored = await read(subject.objects, key)
    expect(sha256(stored && [stored])).toBe(sha256([...whole, ...bytesOf('end')]))
  })

  guarantee('a part that is longer than was said is none', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const pieces = async function* (): AsyncGenerator<readonly Uint8Array[]> {
      yield [filled(300_000, 1)]
      await setImmediate()
      yield [filled(300_000, 2)]
    }
    const incoming = { pieces: pieces(), atMostBytes: 599_999 }
    await expect(subject.objects.multipart.putPart(key, uploadId, 1, incoming)).rejects.toThrow(
      RangeError,
    )
    expect((await subject.objects.multipart.parts(key, uploadId))?.parts).toEqual([])
  })

  guarantee('a part whose bytes break off is none', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const pieces = async function* (): AsyncGenerator<readonly Uint8Array[]> {
      yield [filled(300_000, 1)]
      await setImmediate()
      throw new RangeError('no more')
    }
    const incoming = { pieces: pieces(), atMostBytes: 1_000_000 }
    await expect(subject.objects.multipart.putPart(key, uploadId, 1, incoming)).rejects.toThrow(
      'no more',
    )
    const parts = await subject.objects.multipart.parts(key, uploadId)
    expect(parts?.parts).toEqual([])
    const first = await putPart(key, uploadId, 1, bytesOf('whole'))
    expect(await complete(key, uploadId, [first], once)).toBe('created')
    expect(await readText(subject.objects, key)).toBe('whole')
  })

  guarantee('part numbers may have gaps, up to the last one', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const first = await putPart(key, uploadId, 7, fullPart(1))
    const last = await putPart(key, uploadId, MAX_PART_NUMBER, bytesOf('end'))
    const outcome = await complete(key, uploadId, [first, last], once)
    expect(outcome).toBe('created')
    expect(await subject.objects.head(key)).toEqual({ sizeBytes: 5 * 1024 * 1024 + 3 })
  })

  guarantee('one part of no bytes makes an empty object', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const part = await putPart(key, uploadId, 1, [])
    expect(await complete(key, uploadId, [part], once)).toBe('created')
    expect(await subject.objects.head(key)).toEqual({ sizeBytes: 0 })
  })

  guarantee('a second part with the same number replaces the first', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const stale = await putPart(key, uploadId, 1, bytesOf('first'))
    const fresh = await putPart(key, uploadId, 1, bytesOf('second'))
    expect(await complete(key, uploadId, [stale], once)).toBe('invalidPart')
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await complete(key, uploadId, [fresh], once)).toBe('created')
    expect(await readText(subject.objects, key)).toBe('second')
  })

  guarantee('parts that are not named are dropped', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    await putPart(key, uploadId, 1, bytesOf('dropped'))
    const kept = await putPart(key, uploadId, 2, bytesOf('kept'))
    expect(await complete(key, uploadId, [kept], once)).toBe('created')
    expect(await readText(subject.objects, key)).toBe('kept')
  })

  guarantee('a part that was never put, or has another etag, is invalid', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const first = await putPart(key, uploadId, 1, fullPart(1))
    const second = await putPart(key, uploadId, 2, bytesOf('end'))
    for (const parts of [
      [first, { number: 3, etag: second.etag }],
      [first, { number: 2, etag: first.etag }],
    ]) {
      expect(await complete(key, uploadId, parts, once)).toBe('invalidPart')
    }
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await complete(key, uploadId, [first, second], once)).toBe('created')
  })

  guarantee('parts that do not ascend are invalid', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const first = await putPart(key, uploadId, 1, fullPart(1))
    const second = await putPart(key, uploadId, 2, fullPart(2))
    expect(await complete(key, uploadId, [second, first], once)).toBe('invalidPart')
    expect(await complete(key, uploadId, [first, first], once)).toBe('invalidPart')
    expect(await subject.objects.head(key)).toBeUndefined()
  })

  guarantee('a part under 5 MiB that is not the last is too small', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const small = await putPart(key, uploadId, 1, [filled(5 * 1024 * 1024 - 1, 1)])
    const last = await putPart(key, uploadId, 2, bytesOf('end'))
    expect(await complete(key, uploadId, [small, last], once)).toBe('partTooSmall')
    expect(await subject.objects.head(key)).toBeUndefined()
  })
}
