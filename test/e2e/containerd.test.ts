import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorization } from '../support/credentials.ts'
import { startContainerd } from '../support/containerd.ts'
import { writeImage } from '../support/layout.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { provideWorkspace } from '../support/workspace.ts'

const LOGIN = { name: 'admin', password: 'Correct-1-horse' }
const user = ['--user', `${LOGIN.name}:${LOGIN.password}`] as const

let server: RunningServer
beforeAll(async () => {
  server = await startServer({ adminPassword: LOGIN.password })
  await fetch(`${server.url}/api/v2.0/projects`, {
    method: 'POST',
    headers: { Authorization: authorization(LOGIN), 'Content-Type': 'application/json' },
    body: '{"project_name":"private"}',
  })
})
afterAll(async () => {
  await server.stop()
})
const workspace = provideWorkspace(() => ({ host: server.host, login: LOGIN }))

test('containerd pulls and pushes as who logs in, by the grants of OAuth2', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const first = `${server.host}/private/app:v1`
  const second = `${server.host}/private/other/app:v2`
  await workspace().run('crane', 'push', layout.path, first)
  const daemon = await startContainerd(workspace(), 'daemon')
  try {
    const fetchAs = async (reference: string, ...login: readonly string[]) =>
      await daemon.ctr('content', 'fetch', '--plain-http', ...login, reference)
    await expect(fetchAs(first)).rejects.toThrow(/401|[Uu]nauthorized|authorization failed/)
    await expect(fetchAs(first, '--user', 'nobody:Wrong-1-horse')).rejects.toThrow(
      /401|[Uu]nauthorized|authorization failed/,
    )
    await fetchAs(first, ...user)
    await daemon.ctr('images', 'tag', first, second)
    await daemon.ctr('images', 'push', '--plain-http', ...user, second)
  } finally {
    await daemon.stop()
  }
  expect((await workspace().run('crane', 'digest', '--insecure', second)).trim()).toBe(
    layout.digest,
  )
  const grants = server.log().filter((line) => line.includes('"POST","path":"/service/token"'))
  expect(grants.filter((line) => line.includes('"status":200'))).not.toEqual([])
  expect(server.log().filter((line) => line.includes(LOGIN.password))).toEqual([])
})

test('containerd pulls without a login from a public project', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const reference = `${server.host}/library/app:v1`
  await workspace().run('crane', 'push', layout.path, reference)
  const daemon = await startContainerd(workspace(), 'daemon')
  try {
    await daemon.ctr('content', 'fetch', '--plain-http', reference)
    expect(await daemon.ctr('images', 'list')).toContain(layout.digest)
  } finally {
    await daemon.stop()
  }
})
