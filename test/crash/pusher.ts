import { randomBytes, randomInt } from 'node:crypto'
import * as z from 'zod'
import { digestOf } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'

/** A manifest that the server said it has, with everything needed to hold it to that. */
export type Acknowledged = {
  readonly name: string
  readonly tag: string
  readonly bytes: Buffer
  readonly blobs: readonly { readonly digest: string; readonly size: number }[]
}

const MIB = 1024 * 1024

/** Mostly small, now and then one of several parts. */
const someBytes = (): Buffer =>
  randomBytes(randomInt(20) === 0 ? 9 * MIB + randomInt(MIB) : randomInt(1, 20_000))

const upload = async (url: string, name: string, bytes: Buffer): Promise<void> => {
  const digest = digestOf(bytes)
  const started = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(started.headers.get('location') ?? '', url)
  const cut = randomInt(3) === 0 ? 0 : randomInt(bytes.byteLength)
  if (cut > 0) {
    const patched = await fetch(location, { method: 'PATCH', body: bytes.subarray(0, cut) })
    if (patched.status !== 202) throw new Error(`PATCH ${patched.status}: ${await patched.text()}`)
  }
  location.searchParams.set('digest', digest)
  const put = await fetch(location, { method: 'PUT', body: bytes.subarray(cut) })
  if (put.status !== 201) throw new Error(`PUT ${put.status}: ${await put.text()}`)
}

const begun = z.object({
  state: z.string(),
  upload: z.string().optional(),
  put: z.object({ url: z.string() }).optional(),
})
const signed = z.object({ parts: z.array(z.object({ url: z.string() })) })

/** As `upload`, by signed URLs: at once, or as one part. */
const uploadDirectly = async (url: string, name: string, bytes: Buffer): Promise<void> => {
  const direct = `${url}/v2/${name}/_direct`
  const post = async (path: string, body?: unknown): Promise<Response | undefined> => {
    const answer = await fetch(`${direct}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // Somebody who shared the upload has ended it.
    if (answer.status === 404) return undefined
    if (!answer.ok) throw new Error(`POST ${path} ${answer.status}: ${await answer.text()}`)
    return answer
  }
  const way = randomInt(2) === 0 ? 'parts' : 'single'
  const wanted = { digest: digestOf(bytes), size: bytes.byteLength, way }
  const { put, state, upload = '' } = begun.parse(await (await post('', wanted))?.json())
  if (state === 'present') return
  if (state === 'open') {
    const answer = put === undefined ? await post(`/${upload}/parts`, { numbers: [1] }) : undefined
    const parts = answer === undefined ? [] : signed.parse(await answer.json()).parts
    for (const part of put === undefined ? parts : [put]) {
      const sent = await fetch(new URL(part.url, url), { method: 'PUT', body: bytes })
      if (![200, 404, 412].includes(sent.status)) throw new Error(`PUT ${sent.status}`)
    }
  }
  for (;;) {
    const finished = await post(`/${upload}/finish`)
    if (finished?.status === 201) return
    if (finished === undefined) {
      await uploadDirectly(url, name, bytes)
      return
    }
  }
}

/** Pushes images until the server is gone; what was acknowledged goes into the list. */
export const pushUntilGone = async (
  url: string,
  name: string,
  shared: Buffer,
  acknowledged: Acknowledged[],
): Promise<void> => {
  try {
    for (;;) {
      const blobs = [Buffer.from('{}'), shared, someBytes(), someBytes()]
      for (const bytes of blobs) {
        await (randomInt(2) === 0 ? upload : uploadDirectly)(url, name, bytes)
      }
      const [config, ...layers] = blobs.map((bytes) => ({
        mediaType: 'application/octet-stream',
        digest: digestOf(bytes),
        size: bytes.byteLength,
      }))
      const mediaType = MEDIA_TYPE.imageManifest
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }))
      const tag = `t${randomInt(1_000_000_000)}`
      const put = await fetch(`${url}/v2/${name}/manifests/${tag}`, {
        method: 'PUT',
        body: bytes,
        headers: { 'Content-Type': mediaType },
      })
      if (put.status !== 201) throw new Error(`manifest ${put.status}: ${await put.text()}`)
      const pushed = blobs.map((blob) => ({ digest: digestOf(blob), size: blob.byteLength }))
      acknowledged.push({ name, tag, bytes, blobs: pushed })
    }
  } catch (error) {
    // The connection broke: the server was killed. An answer that says no is a failure of the test.
    if (!(error instanceof TypeError)) throw error
  }
}

/** What of an acknowledged push is missing or damaged. */
export const damage = async (
  url: string,
  { name, tag, bytes, blobs }: Acknowledged,
): Promise<string[]> => {
  const got = await fetch(`${url}/v2/${name}/manifests/${tag}`)
  const body = Buffer.from(await got.arrayBuffer())
  const found = body.equals(bytes) ? [] : [`manifest ${name}:${tag} is ${got.status}`]
  for (const { digest } of blobs) {
    const blob = await fetch(`${url}/v2/${name}/blobs/${digest}`)
    const content = Buffer.from(await blob.arrayBuffer())
    if (digestOf(content) !== digest) found.push(`blob ${digest} of ${name} is ${blob.status}`)
  }
  return found
}
