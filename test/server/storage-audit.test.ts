import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { authorization } from '../support/credentials.ts'
import { runCli, type Said } from '../support/cli.ts'
import { imageJson } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { digestOf } from '../support/layout.ts'
import { startServer, type RunningServer } from '../support/server.ts'

const LOGIN = { name: 'admin', password: 'Right1234' }
const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const LAYER = 'a layer that is lost'

let server: RunningServer

beforeEach(async () => {
  server = await startServer({
    adminPassword: LOGIN.password,
    args: ['--create-projects-on-push', '--gc-every', '200ms'],
  })
})
afterEach(async () => {
  await server.stop()
})

const send = async (method: string, path: string, body?: string): Promise<Response> =>
  await fetch(`${server.url}${path}`, {
    method,
    headers: { Authorization: authorization(LOGIN), 'Content-Type': MEDIA_TYPE },
    ...(body === undefined ? {} : { body }),
  })

const pushBlob = async (content: string): Promise<void> => {
  const path = `/v2/team/app/blobs/uploads/?digest=${digestOf(Buffer.from(content))}`
  expect((await send('POST', path, content)).status).toBe(201)
}

const audit = async (...args: readonly string[]): Promise<Said> =>
  await runCli(['audit', 'storage', ...args], {
    ROADSTEAD_URL: server.url,
    ROADSTEAD_USER: LOGIN.name,
    ROADSTEAD_PASSWORD: LOGIN.password,
  })

/** The file of the object that has exactly these bytes. */
const fileOf = async (bytes: number): Promise<string> => {
  const root = join(server.data, 'objects')
  const files = await readdir(root, { recursive: true, withFileTypes: true })
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name)
    if ((await stat(path)).size === bytes) return path
  }
  throw new Error('there is no such object')
}

it('finds that the file of a blob is gone, says so until it is pushed again, and fails as long', async () => {
  for (const content of ['{}', LAYER]) await pushBlob(content)
  const image = imageJson('{}', [LAYER])
  expect((await send('PUT', '/v2/team/app/manifests/v1', image)).status).toBe(201)
  const healthy = await audit('run', '--margin-hours', '1')
  expect(healthy).toMatchObject({
    code: 0,
    out: expect.stringMatching(/0 lost, 0 broken, 0 /) as string,
  })

  await rm(await fileOf(LAYER.length))
  const blob = `/v2/team/app/blobs/${digestOf(Buffer.from(LAYER))}`
  const found = await audit('run', '--json')
  expect(found.code).toBe(1)
  expect(JSON.parse(found.out)).toMatchObject({ severity: 'lost', kind: 'blobWithoutBytes' })
  await eventually('the log says so', () =>
    server.log().some((line) => line.includes('data is lost')) ? true : undefined,
  )
  await eventually('whoever asks is told to push it', async () =>
    (await send('HEAD', blob)).status === 404 ? true : undefined,
  )
  expect((await audit('status')).code).toBe(1)
  expect((await audit('log')).out).toContain('DATA IS LOST')

  await pushBlob(LAYER)
  expect(await (await send('GET', blob)).text()).toBe(LAYER)
  expect((await audit('run')).code).toBe(0)
  expect((await audit('list')).out.split('\n')).toHaveLength(5)
})
