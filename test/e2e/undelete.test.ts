import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { authorization } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { blobsOf, writeImage, writeIndex } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const crane = async (...args: readonly string[]): Promise<string> =>
  (await workspace().run('crane', ...args)).trim()

/** `roadstead`, as the administrator. */
const roadstead = async (...args: readonly string[]): Promise<string> => {
  const { login, url } = registry()
  const { code, err, out } = await runCli(args, {
    ROADSTEAD_URL: url,
    ROADSTEAD_USER: login.name,
    ROADSTEAD_PASSWORD: login.password,
  })
  if (code !== 0) throw new Error(err)
  return out
}

/** Collects whatever no tag and no index holds, however young it is. */
const collectUntagged = async (gone: string): Promise<void> => {
  const { login, url } = registry()
  const begun = await fetch(`${url}/api/v2.0/system/gc/schedule`, {
    method: 'POST',
    headers: { Authorization: authorization(login), 'Content-Type': 'application/json' },
    body: JSON.stringify({
      schedule: { type: 'Manual' },
      parameters: { delete_untagged: true, time_window: 0 },
    }),
  })
  expect(begun.status).toBe(201)
  await eventually(`${gone} is collected`, async () =>
    (await registry().headManifest(gone)) === undefined ? true : undefined,
  )
}

test('an image that was deleted is brought back, and skopeo pulls it byte for byte', async () => {
  const layout = await writeImage(await workspace().directory('image'), { layers: 3 })
  const repository = registry().repository('regretted')
  const name = repository.slice(registry().host.length + 1)
  await crane('push', layout.path, `${repository}:v1`)
  await crane('delete', `${repository}@${layout.digest}`)
  await roadstead('gc', 'run')
  expect(await registry().headManifest(`${repository}:v1`)).toBeUndefined()
  expect(await roadstead('trash', 'list', name)).toContain(layout.digest)
  await roadstead('undelete', `${name}@${layout.digest}`, '--tag', 'v1')
  const pulled = join(workspace().path, 'pulled')
  await workspace().run(
    ...['skopeo', '--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
    ...[`docker://${repository}:v1`, `oci:${pulled}:v1`],
  )
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
})

test('an index whose tag was deleted and that was collected is brought back by the tag', async () => {
  const layout = await writeIndex(await workspace().directory('index'))
  const repository = registry().repository('regretted-index')
  const name = repository.slice(registry().host.length + 1)
  await crane('push', '--index', layout.path, `${repository}:all`)
  const digest = await crane('digest', `${repository}:all`)
  const before = join(workspace().path, 'before')
  await crane('pull', '--format', 'oci', `${repository}:all`, before)
  await workspace().run('crane', 'delete', `${repository}:all`)
  await collectUntagged(`${repository}@${layout.digest}`)
  await roadstead('undelete', `${name}:all`)
  expect(await crane('digest', `${repository}:all`)).toBe(digest)
  const after = join(workspace().path, 'after')
  await crane('pull', '--format', 'oci', `${repository}:all`, after)
  expect(await blobsOf(after)).toEqual(await blobsOf(before))
})
