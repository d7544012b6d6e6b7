import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

test('helm pulls the chart that it pushed, byte for byte', async () => {
  const { path, run, directory } = workspace()
  const repository = registry().repository('charts')
  const chart = join(path, 'harbour')
  await run('helm', 'create', chart)
  await run('helm', 'package', chart, '--version', '1.2.3+build.4', '--destination', path)
  const packed = join(path, 'harbour-1.2.3+build.4.tgz')
  await run('helm', 'push', packed, `oci://${repository}`, '--plain-http')
  // A tag cannot hold the plus sign of a version.
  expect(await registry().headManifest(`${repository}/harbour:1.2.3_build.4`)).toBeDefined()

  const pulled = await directory('pulled')
  const name = `oci://${repository}/harbour`
  const version = ['--version', '1.2.3+build.4', '--plain-http']
  await run('helm', 'pull', name, ...version, '--destination', pulled)
  const bytes = await readFile(join(pulled, 'harbour-1.2.3+build.4.tgz'))
  expect(digestOf(bytes)).toBe(digestOf(await readFile(packed)))
  expect(await run('helm', 'show', 'chart', name, ...version)).toContain('name: harbour')
})
