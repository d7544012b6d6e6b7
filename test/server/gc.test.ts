import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as z from 'zod'
import { authorization } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { digestOf } from '../support/layout.ts'
import { imageJson } from '../support/app.ts'
import { startServer, type RunningServer } from '../support/server.ts'

const LOGIN = { name: 'admin', password: 'Right1234' }
const GRACE_MS = 1_000
const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json'

let server: RunningServer

beforeEach(async () => {
  server = await startServer({
    adminPassword: LOGIN.password,
    args: ['--create-projects-on-push', '--gc-every', '200ms', '--gc-grace', `${GRACE_MS}ms`],
  })
})
afterEach(async () => {
  await server.stop()
})

const send = async (
  method: string,
  path: string,
  body?: string,
  type?: string,
): Promise<Response> =>
  await fetch(`${server.url}${path}`, {
    method,
    headers: {
      Authorization: authorization(LOGIN),
      ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/octet-stream' }),
    },
    ...(body === undefined ? {} : { body }),
  })

const pushBlob = async (name: string, content: string): Promise<void> => {
  const path = `/v2/${name}/blobs/uploads/?digest=${digestOf(Buffer.from(content))}`
  expect((await send('POST', path, content)).status).toBe(201)
}

const putManifest = async (name: string, tag: string, json: string): Promise<Response> =>
  await send('PUT', `/v2/${name}/manifests/${tag}`, json, MEDIA_TYPE)

/** The bytes of everything that is kept in files. */
const storedBytes = async (): Promise<number> => {
  const files = await readdir(join(server.data, 'objects'), {
    recursive: true,
    withFileTypes: true,
  })
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile())
      // It may be gone by now.
      .map(async (file) => await stat(join(file.parentPath, file.name)).catch(() => undefined)),
  )
  return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0)
}

const LAYER = 'l'.repeat(100_000)
const OTHER = 'o'.repeat(50_000)

it('has room again soon after an image is deleted, and what is left is whole', async () => {
  for (const content of ['{}', LAYER, OTHER]) await pushBlob('team/app', content)
  const kept = imageJson('{}', [OTHER])
  expect((await putManifest('team/app', 'gone', imageJson('{}', [LAYER, OTHER]))).status).toBe(201)
  expect((await putManifest('team/app', 'kept', kept)).status).toBe(201)
  expect(await storedBytes()).toBe('{}'.length + LAYER.length + OTHER.length)
  const digest = (await send('HEAD', '/v2/team/app/manifests/gone')).headers.get(
    'docker-content-digest',
  )
  expect((await send('DELETE', `/v2/team/app/manifests/${digest ?? ''}`)).status).toBe(202)
  await eventually('the layer is gone', async () =>
    (await storedBytes()) === '{}'.length + OTHER.length ? true : undefined,
  )
  await sleep(3 * GRACE_MS)
  expect(await (await send('GET', '/v2/team/app/manifests/kept')).text()).toBe(kept)
  for (const content of ['{}', OTHER]) {
    const blob = await send('GET', `/v2/team/app/blobs/${digestOf(Buffer.from(content))}`)
    expect(await blob.text()).toBe(content)
  }
  const history = z
    .array(z.object({ job_status: z.string(), job_parameters: z.string() }))
    .parse(await (await send('GET', '/api/v2.0/system/gc')).json())
  expect(history.every(({ job_status }) => job_status === 'Success')).toBe(true)
  expect(history.map(({ job_parameters }) => job_parameters).join()).toContain('"purged_blobs":1')
})

it('refuses a push that takes longer than the grace, and takes it when it is made again', async () => {
  for (const content of ['{}', LAYER]) await pushBlob('team/slow', content)
  await eventually('nobody holds the layer any more', async () =>
    (await storedBytes()) === 0 ? true : undefined,
  )
  const image = imageJson('{}', [LAYER])
  const refused = await putManifest('team/slow', 'v1', image)
  expect(refused.status).toBe(404)
  expect(await refused.text()).toContain('MANIFEST_BLOB_UNKNOWN')
  for (const content of ['{}', LAYER]) await pushBlob('team/slow', content)
  expect((await putManifest('team/slow', 'v1', image)).status).toBe(201)
})

it('does what administrators ask for while it looks by itself', async () => {
  const schedule = { schedule: { type: 'Manual' }, parameters: { workers: 4 } }
  const started = await send(
    'POST',
    '/api/v2.0/system/gc/schedule',
    JSON.stringify(schedule),
    'application/json',
  )
  expect(started.status).toBe(201)
  await eventually('the run is over', async () =>
    (await (await send('GET', started.headers.get('Location') ?? '')).text()).includes('"Success"')
      ? true
      : undefined,
  )
})
