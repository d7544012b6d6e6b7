import { expect } from 'vitest'
import type { Multipart, Part } from '../../../shared/ports.ts'
import { bytesOf, freshObject, readText, type ObjectsSubject } from './subject.ts'

const CONTENDERS = 10
const once = { ifAbsent: true }
const always = { ifAbsent: false }

export const uploads = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  const complete: Multipart['complete'] = async (...args) => {
    return await subject.objects.multipart.complete(...args)
  }
  const putPart: Multipart['putPart'] = async (...args) => {
    return await subject.objects.multipart.putPart(...args)
  }
  const abort: Multipart['abort'] = async (...args) => {
    await subject.objects.multipart.abort(...args)
  }
  const start: Multipart['start'] = async (...args) => {
    return await subject.objects.multipart.start(...args)
  }

  /** An upload of one part, ready to be completed. */
  const ready = async (key: string, text: string): Promise<readonly [string, readonly Part[]]> => {
    const uploadId = await start(key)
    const etag = await putPart(key, uploadId, 1, bytesOf(text))
    if (etag === undefined) throw new Error('the upload is unknown')
    return [uploadId, [{ number: 1, etag }]]
  }

  guarantee('complete if absent leaves an object that is there as it is', async () => {
    const key = freshObject()
    const upload = await ready(key, 'late')
    await subject.objects.put(key, bytesOf('early'), once)
    expect(await complete(key, ...upload, once)).toBe('exists')
    expect(await readText(subject.objects, key)).toBe('early')
    expect(await complete(key, ...upload, always)).toBe('created')
    expect(await readText(subject.objects, key)).toBe('late')
  })

  guarantee('two uploads of one key do not see each other', async () => {
    const key = freshObject()
    const left = await ready(key, 'left')
    const right = await ready(key, 'right')
    expect(left[0]).not.toBe(right[0])
    expect(await complete(key, ...right, once)).toBe('created')
    expect(await complete(key, ...left, once)).toBe('exists')
    expect(await readText(subject.objects, key)).toBe('right')
  })

  guarantee('of 10 uploads completed at once if absent exactly one wins', async () => {
    const key = freshObject()
    const all = await Promise.all(
      Array.from({ length: CONTENDERS }, async (_, by) => await ready(key, `from ${by}`)),
    )
    const outcomes = await Promise.all(
      all.map(async (upload) => await complete(key, ...upload, once)),
    )
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(await readText(subject.objects, key)).toBe(`from ${outcomes.indexOf('created')}`)
  })

  guarantee('an upload that never was, or belongs to another key, is unknown', async () => {
    const [key, other] = [freshObject(), freshObject()]
    const [uploadId, parts] = await ready(key, 'text')
    expect(await putPart(other, uploadId, 1, bytesOf('a'))).toBeUndefined()
    expect(await complete(other, uploadId, parts, once)).toBe('unknownUpload')
    expect(await putPart(key, 'no-such-upload', 1, bytesOf('a'))).toBeUndefined()
    expect(await complete(key, 'no-such-upload', parts, once)).toBe('unknownUpload')
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await complete(key, uploadId, parts, once)).toBe('created')
  })

  guarantee('an aborted upload takes no more parts and cannot be completed', async () => {
    const key = freshObject()
    const [uploadId, parts] = await ready(key, 'text')
    await abort(key)
    expect(await putPart(key, uploadId, 2, bytesOf('more'))).toBeUndefined()
    expect(await complete(key, uploadId, parts, once)).toBe('unknownUpload')
    expect(await subject.objects.head(key)).toBeUndefined()
    await abort(key)
  })

  guarantee('an abort drops every upload of its key, no other key, and no object', async () => {
    const [key, other] = [freshObject(), `${freshObject()}-longer`]
    await subject.objects.put(key, bytesOf('object'), once)
    const left = await ready(key, 'left')
    const right = await ready(key, 'right')
    const kept = await ready(other, 'kept')
    const longer = await ready(`${key}-longer`, 'longer')
    await abort(key)
    expect(await complete(key, ...left, always)).toBe('unknownUpload')
    expect(await complete(key, ...right, always)).toBe('unknownUpload')
    expect(await readText(subject.objects, key)).toBe('object')
    expect(await complete(other, ...kept, once)).toBe('created')
    expect(await complete(`${key}-longer`, ...longer, once)).toBe('created')
  })

  guarantee('an upload is completed once; afterwards it takes no part', async () => {
    const key = freshObject()
    const [uploadId, parts] = await ready(key, 'text')
    expect(await complete(key, uploadId, parts, always)).toBe('created')
    expect(await putPart(key, uploadId, 2, bytesOf('more'))).toBeUndefined()
    const second = await complete(key, uploadId, parts, once)
    expect(['exists', 'unknownUpload']).toContain(second)
    expect(await readText(subject.objects, key)).toBe('text')
  })
}
