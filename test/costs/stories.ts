/** What clients do, request by request, and what it uses. */
import { randomBytes } from 'node:crypto'
import { digestOf } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import { TOKEN_HEADERS, TOKEN_PATH } from '../aws/instance.ts'
import { NOTHING, plus, type Usage } from './bill.ts'
import type { Asked, Counted } from './counted.ts'

export const LAYERS = 5
/** What fits through API Gateway and Lambda at once. */
export const LAYER_BYTES = 3_000_000

export type Image = {
  readonly blobs: readonly Uint8Array[]
  readonly manifest: string
}

const descriptor = (mediaType: string, bytes: Uint8Array) => ({
  ...{ mediaType, digest: digestOf(bytes), size: bytes.byteLength },
})

/** An image of random layers. */
export const makeImage = (layerBytes = LAYER_BYTES): Image => {
  const layers = Array.from({ length: LAYERS }, () => randomBytes(layerBytes))
  const config = Buffer.from(
    JSON.stringify({
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
    }),
  )
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageManifest,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
  })
  return { blobs: [...layers, config], manifest }
}

/** Adds up what requests use; every answer must have the status that is expected. */
const createSum = ({ ask }: Counted) => {
  let usage: Usage = NOTHING
  const send = async (expected: number, path: string, asked?: Asked): Promise<Response> => {
    const { answer, usage: more } = await ask(path, asked)
    if (answer.status !== expected) {
      throw new Error(`${asked?.method ?? 'GET'} ${path} answers ${answer.status}`)
    }
    usage = plus(usage, more)
    return answer
  }
  const add = (more: Partial<Usage>): void => {
    usage = plus(usage, { ...NOTHING, ...more })
  }
  return { send, add, usage: () => usage }
}

type Sum = ReturnType<typeof createSum>

/** Every client begins like that. */
const logIn = async ({ send }: Sum): Promise<void> => {
  await send(401, '/v2/', { headers: { Authorization: '' } })
  await send(200, TOKEN_PATH, { headers: TOKEN_HEADERS })
}

const putManifest = async ({ send }: Sum, { manifest }: Image): Promise<void> => {
  const headers = { 'Content-Type': MEDIA_TYPE.imageManifest }
  await send(201, '/v2/p/a/manifests/v1', { method: 'PUT', headers, body: manifest })
}

/** As docker pushes: looks for each blob, sends it in one PATCH, and ends it. */
export const pushByDocker = async (counted: Counted, image: Image): Promise<Usage> => {
  const sum = createSum(counted)
  await logIn(sum)
  for (const body of image.blobs) {
    const digest = digestOf(body)
    await sum.send(404, `/v2/p/a/blobs/${digest}`, { method: 'HEAD' })
    const started = await sum.send(202, '/v2/p/a/blobs/uploads/', { method: 'POST' })
    const headers = { 'Content-Type': 'application/octet-stream' }
    const patched = await sum.send(202, started.headers.get('Location') ?? '', {
      ...{ method: 'PATCH', headers, body },
    })
    const location = patched.headers.get('Location') ?? ''
    await sum.send(201, `${location}?digest=${digest}`, { method: 'PUT' })
  }
  await putManifest(sum, image)
  return sum.usage()
}

/** As docker pushes what is there already. */
export const pushAgain = async (counted: Counted, image: Image): Promise<Usage> => {
  const sum = createSum(counted)
  await logIn(sum)
  for (const body of image.blobs) {
    await sum.send(200, `/v2/p/a/blobs/${digestOf(body)}`, { method: 'HEAD' })
  }
  await putManifest(sum, image)
  return sum.usage()
}

/** As `roadstead push` and `proxy` do: blobs go straight to the store, each at once, whatever its size. */
export const pushDirectly = async (counted: Counted, image: Image): Promise<Usage> => {
  const sum = createSum(counted)
  await logIn(sum)
  await sum.send(200, '/v2/p/a/_direct')
  for (const body of image.blobs) {
    const wanted = { digest: digestOf(body), size: body.byteLength, way: 'single' }
    const begun = await sum.send(201, '/v2/p/a/_direct', {
      ...{ method: 'POST', body: JSON.stringify(wanted) },
    })
    const { put, upload } = (await begun.json()) as Session
    const stored = await fetch(put.url, {
      ...{ method: 'PUT', headers: put.headers, body: Buffer.from(body) },
    })
    if (!stored.ok) throw new Error(`a signed put answers ${stored.status}`)
    sum.add({ puts: 1 })
    await sum.send(201, `/v2/p/a/_direct/${upload}/finish`, { method: 'POST', body: '{}' })
  }
  await putManifest(sum, image)
  return sum.usage()
}

type Session = {
  readonly upload: string
  readonly put: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
}

/** As docker pulls: resolves the tag, and follows each blob to the store. */
export const pull = async (counted: Counted, image: Image): Promise<Usage> => {
  const sum = createSum(counted)
  await logIn(sum)
  await sum.send(200, '/v2/p/a/manifests/v1', { method: 'HEAD' })
  await sum.send(200, `/v2/p/a/manifests/${digestOf(Buffer.from(image.manifest))}`)
  for (const body of image.blobs) {
    await sum.send(307, `/v2/p/a/blobs/${digestOf(body)}`)
    sum.add({ gets: 1 })
  }
  return sum.usage()
}

/** As a node looks whether a tag has moved, with a token that it has. */
export const look = async (counted: Counted): Promise<Usage> => {
  const sum = createSum(counted)
  await sum.send(200, '/v2/p/a/manifests/v1', { method: 'HEAD' })
  return sum.usage()
}
