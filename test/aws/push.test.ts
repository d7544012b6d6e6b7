/** Direct uploads over the adapters of AWS: no byte of a blob passes the registry on its way in. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAwsRegistry, type AwsRegistry } from '../support/aws-registry.ts'
import { runCli } from '../support/cli.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startMinistack } from '../tools/endpoints/start.ts'

const LAYER_BYTES = 20_000_000
/** All that is said of a layer, of its config and of both. */
const MAX_RECEIVED_BYTES = 50_000

const cleanUps: (() => Promise<void>)[] = []
let registry: AwsRegistry
let host = ''
let directory = ''

beforeAll(async () => {
  const temporary = await temporaryDirectory('aws-push')
  directory = temporary.path
  cleanUps.push(temporary.remove)
  const ministack = await startMinistack()
  cleanUps.push(ministack.stop)
  registry = await startAwsRegistry(ministack.endpoint)
  cleanUps.push(registry.stop)
  ;({ host } = registry)
})

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
  expect(registry.failures).toEqual([])
})

describe('roadstead push to S3', () => {
  it.each(['single', 'parts'])('brings a layer past the registry (%s)', async (way) => {
    const path = join(directory, way)
    const layer = await writeSparseImage(path, LAYER_BYTES)
    const env = { XDG_CACHE_HOME: directory, XDG_CONFIG_HOME: directory }
    const said = await runCli(['push', '--way', way, path, `${host}/aws/${way}:v1`], env)
    expect(said).toMatchObject({ code: 0 })
    const answer = await fetch(`http://${host}/v2/aws/${way}/blobs/${layer}`)
    expect(answer.redirected).toBe(true)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(layer)
    expect(registry.receivedBytes()).toBeLessThan(MAX_RECEIVED_BYTES)
  })

  it('links nothing that is not what it is called', async () => {
    const body = Buffer.from('what was meant')
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    for (const way of ['single', 'parts']) {
      const direct = `http://${host}/v2/aws/lies/_direct`
      const post = async (path: string, json: object): Promise<Response> =>
        await fetch(`${direct}${path}`, { method: 'POST', body: JSON.stringify(json) })
      const wanted = { digest, size: body.byteLength, way }
      const session = (await (await post('', wanted)).json()) as Session
      const numbers = [1]
      const { parts } = session.put
        ? { parts: [session.put] }
        : ((await (await post(`/${session.upload}/parts`, { numbers })).json()) as Parts)
      const lie = Buffer.from('what was said ')
      for (const { headers, url } of parts) await fetch(url, { method: 'PUT', headers, body: lie })
      const finished = await post(`/${session.upload}/finish`, {})
      expect([way, finished.status]).toEqual([way, 400])
      const head = await fetch(`http://${host}/v2/aws/lies/blobs/${digest}`, { method: 'HEAD' })
      expect(head.status).toBe(404)
    }
  })
})

type Request = { readonly url: string; readonly headers: Readonly<Record<string, string>> }
type Session = { readonly upload: string; readonly put?: Request }
type Parts = { readonly parts: readonly Request[] }
