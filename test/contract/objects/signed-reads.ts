import { expect } from 'vitest'
import { bytesOf, freshObject, type ObjectsSubject } from './subject.ts'

const TEXT = '0123456789'
const contentType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const options = { expiresInSeconds: 60, contentType }

export const signedReads = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  guarantee('a signed URL, if there is one, answers the bytes and the type asked for', async () => {
    const key = freshObject()
    await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
    const url = await subject.objects.signedRead(key, options)
    if (url === undefined) return
    const whole = await fetch(url)
    expect(whole.status).toBe(200)
    expect(whole.headers.get('content-type')).toBe(contentType)
    expect(await whole.text()).toBe(TEXT)
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 2-4/${TEXT.length}`)
    expect(await part.text()).toBe('234')
  })

  guarantee('a signed URL opens no other key, and no URL opens one unsigned', async () => {
    const [key, other] = [freshObject(), freshObject()]
    await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
    await subject.objects.put(other, bytesOf('secret'), { ifAbsent: true })
    const url = await subject.objects.signedRead(key, options)
    if (url === undefined) return
    const moved = await fetch(url.replace(key, other))
    expect(moved.status).toBe(403)
    expect(await moved.text()).not.toContain('secret')
    const unsigned = await fetch(url.slice(0, url.indexOf('?')))
    expect(unsigned.status).toBe(403)
    await unsigned.body?.cancel()
  })

  guarantee('a signed URL reads and does nothing else, and not when it was altered', async () => {
    const key = freshObject()
    await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
    const url = await subject.objects.signedRead(key, options)
    if (url === undefined) return
    for (const method of ['PUT', 'POST', 'DELETE']) {
      const body = method === 'DELETE' ? {} : { body: 'other bytes' }
      const answer = await fetch(url, { method, ...body })
      expect([method, answer.status >= 400]).toEqual([method, true])
      await answer.body?.cancel()
    }
    for (const altered of [
      url.replace(/Signature=./, (found) => `Signature=${found.endsWith('a') ? 'b' : 'a'}`),
      url.replace(/Expires=\d+/, 'Expires=6000'),
    ]) {
      expect(altered).not.toBe(url)
      const answer = await fetch(altered)
      expect(answer.status).toBe(403)
      await answer.body?.cancel()
    }
    expect(await (await fetch(url)).text()).toBe(TEXT)
  })

  guarantee('a signed URL is refused when it has expired', async () => {
    const key = freshObject()
    await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
    const url = await subject.objects.signedRead(key, { ...options, expiresInSeconds: 1 })
    if (url === undefined) return
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    const answer = await fetch(url)
    expect(answer.status).toBe(403)
    expect(await answer.text()).not.toContain(TEXT)
  })

  guarantee('a signed URL of an absent object answers 404', async () => {
    const url = await subject.objects.signedRead(freshObject(), options)
    if (url === undefined) return
    const answer = await fetch(url)
    expect(answer.status).toBe(404)
    await answer.body?.cancel()
  })
}
