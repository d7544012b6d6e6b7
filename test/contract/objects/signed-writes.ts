import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { SignedRequest } from '../../../shared/ports.ts'
import { filled, freshObject, fullPart, read, type ObjectsSubject } from './subject.ts'

const EXPIRES = 60
/** The very last character of base64 may carry bits that say nothing. */
const TAMPERED_FROM_END = 5
const once = { ifAbsent: true }
const bytes = Buffer.from('these bytes and no others')
const sameSize = Buffer.from('these bytes and no otherS')

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** The same URL but for one character of its signature, which stands at its end. */
const tampered = (url: string): string => {
  const at = url.length - TAMPERED_FROM_END
  return `${url.slice(0, at)}${url.charAt(at) === 'a' ? 'b' : 'a'}${url.slice(at + 1)}`
}

export const signedWrites = (subject: ObjectsSubject): void => {
  const { guarantee, send } = subject

  const signPut = async (key: string, content: Uint8Array = bytes, expiresInSeconds = EXPIRES) => {
    const options = { sizeBytes: content.byteLength, sha256: sha256(content), expiresInSeconds }
    const signed = await subject.objects.signedPut(key, options)
    if (signed === undefined) throw new Error('the store does not sign')
    return signed
  }

  const signPart = async (key: string, uploadId: string, number: number, sizeBytes: number) => {
    const options = { sizeBytes, offset: 0, expiresInSeconds: EXPIRES }
    const signed = await subject.objects.multipart.signedPart(key, uploadId, number, options)
    if (signed === undefined) throw new Error('the store does not sign')
    return signed
  }

  const refused = async (signed: SignedRequest, content: Uint8Array): Promise<void> => {
    expect(await send(signed, content)).toBeGreaterThanOrEqual(400)
  }

  guarantee('a signed put stores the bytes, and the store knows their checksum', async () => {
    const key = freshObject()
    expect(await send(await signPut(key), bytes)).toBe(200)
    expect(await read(subject.objects, key)).toEqual(bytes)
    const found = await subject.objects.inspect(key)
    expect(found).toEqual({ sizeBytes: bytes.byteLength, sha256: sha256(bytes) })
    expect(await subject.objects.inspect(freshObject())).toBeUndefined()
  })

  guarantee('a signed put of no bytes makes an empty object', async () => {
    const key = freshObject()
    const nothing = new Uint8Array(0)
    expect(await send(await signPut(key, nothing), nothing)).toBe(200)
    expect(await subject.objects.head(key)).toEqual({ sizeBytes: 0 })
  })

  guarantee('a signed put of other bytes or of another size stores nothing', async () => {
    const key = freshObject()
    const signed = await signPut(key)
    await refused(signed, sameSize)
    await refused(longer(signed), Buffer.concat([bytes, Buffer.from('!')]))
    await refused(shorter(signed), bytes.subarray(1))
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await send(signed, bytes)).toBe(200)
  })

  guarantee('a signed put without its checksum header stores nothing', async () => {
    const key = freshObject()
    const { 'x-amz-checksum-sha256': checksum, ...headers } = (await signPut(key)).headers
    // Where the checksum is in the URL there is no header to leave out.
    if (checksum === undefined) return
    await refused({ ...(await signPut(key)), headers }, bytes)
    expect(await subject.objects.head(key)).toBeUndefined()
  })

  guarantee('a signed put never replaces what is there', async () => {
    const key = freshObject()
    await subject.objects.put(key, [Buffer.from('first')], once)
    const signed = await signPut(key)
    await refused(signed, bytes)
    expect((await read(subject.objects, key))?.toString()).toBe('first')
    expect(await subject.objects.inspect(key)).toMatchObject({ sizeBytes: 5 })
  })

  guarantee('a signed put is for one key, one method and not tampered with', async () => {
    const [key, other] = [freshObject(), freshObject()]
    const signed = await signPut(key)
    await refused({ ...signed, url: signed.url.replace(key, other) }, bytes)
    await refused({ ...signed, url: tampered(signed.url) }, bytes)
    expect(await send(signed, bytes, 'POST')).toBeGreaterThanOrEqual(400)
    expect(await subject.objects.head(key)).toBeUndefined()
    expect(await subject.objects.head(other)).toBeUndefined()
  })

  guarantee('nobody puts anything unsigned', async () => {
    const key = freshObject()
    const signed = await signPut(key)
    await refused({ ...signed, url: signed.url.slice(0, signed.url.indexOf('?')) }, bytes)
    expect(await subject.objects.head(key)).toBeUndefined()
  })

  guarantee('a signed put is refused when it has expired', async () => {
    const key = freshObject()
    const signed = await signPut(key, bytes, 1)
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    await refused(signed, bytes)
    expect(await subject.objects.head(key)).toBeUndefined()
  })

  guarantee('signed parts in any order make the object, and are listed', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const [first] = fullPart(1)
    const contents = [first ?? bytes, filled(5 * 1024 * 1024, 2), bytes]
    for (const number of [3, 1, 2]) {
      const content = contents[number - 1] ?? bytes
      const signed = await signPart(key, uploadId, number, content.byteLength)
      expect(await send(signed, content)).toBe(200)
    }
    const listed = await subject.objects.multipart.parts(key, uploadId)
    expect(listed?.parts.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual(
      contents.map((content, index) => [index + 1, content.byteLength]),
    )
    expect(listed?.next).toBeUndefined()
    const behind = await subject.objects.multipart.parts(key, uploadId, 2)
    expect(behind?.parts.map(({ number }) => number)).toEqual([3])
    const outcome = await subject.objects.multipart.complete(
      key,
      uploadId,
      listed?.parts ?? [],
      once,
    )
    expect(outcome).toBe('created')
    const whole = await read(subject.objects, key)
    expect(whole && sha256(whole)).toBe(sha256(Buffer.concat(contents)))
    // Nobody has compared the bytes of parts with a checksum.
    expect(await subject.objects.inspect(key)).toEqual({ sizeBytes: whole?.byteLength })
  })

  guarantee('a signed part replaces the one with its number', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const signed = await signPart(key, uploadId, 1, bytes.byteLength)
    expect(await send(signed, sameSize)).toBe(200)
    expect(await send(signed, bytes)).toBe(200)
    const listed = await subject.objects.multipart.parts(key, uploadId)
    await subject.objects.multipart.complete(key, uploadId, listed?.parts ?? [], once)
    expect(await read(subject.objects, key)).toEqual(bytes)
  })

  guarantee('a signed part of another size is not stored', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const signed = await signPart(key, uploadId, 1, bytes.byteLength)
    await refused(longer(signed), Buffer.concat([bytes, Buffer.from('!')]))
    await refused({ ...signed, url: tampered(signed.url) }, bytes)
    await refused({ ...signed, url: signed.url.replace(key, freshObject()) }, bytes)
    expect((await subject.objects.multipart.parts(key, uploadId))?.parts).toEqual([])
    await subject.objects.multipart.abort(key)
  })

  guarantee('a signed part of an upload that is over is refused', async () => {
    const key = freshObject()
    const uploadId = await subject.objects.multipart.start(key)
    const signed = await signPart(key, uploadId, 1, bytes.byteLength)
    await subject.objects.multipart.abort(key)
    await refused(signed, bytes)
    expect(await subject.objects.multipart.parts(key, uploadId)).toBeUndefined()
  })
}

const withLength = (signed: SignedRequest, change: number): SignedRequest => ({
  ...signed,
  headers: {
    ...signed.headers,
    'content-length': String(Number(signed.headers['content-length']) + change),
  },
})
const longer = (signed: SignedRequest): SignedRequest => withLength(signed, 1)
const shorter = (signed: SignedRequest): SignedRequest => withLength(signed, -1)
