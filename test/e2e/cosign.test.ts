import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeImage } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { run } from '../support/run.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

/** cosign with a key of its own and nothing that it would ask the network for. */
const cosign = async (...args: readonly string[]): Promise<string> =>
  await run('cosign', args, { ...workspace().env, COSIGN_PASSWORD: 'secret' })

const push = async (name: string): Promise<string> => {
  const layout = await writeImage(await workspace().directory(name))
  const repository = registry().repository(name)
  await workspace().run('crane', 'push', layout.path, `${repository}:v1`)
  return `${repository}@${layout.digest}`
}

test('cosign verifies the image that it signed, and no other image and no other key', async () => {
  const [signed, unsigned] = [await push('signed'), await push('unsigned')]
  const key = join(workspace().path, 'ours')
  const otherKey = join(workspace().path, 'theirs')
  for (const prefix of [key, otherKey]) {
    await cosign('generate-key-pair', '--output-key-prefix', prefix)
  }
  await cosign(
    ...['sign', '--key', `${key}.key`, '--tlog-upload=false', '--use-signing-config=false'],
    ...['--yes', '--allow-http-registry', signed],
  )
  const verify = async (prefix: string, image: string): Promise<string> =>
    await cosign(
      ...['verify', '--key', `${prefix}.pub`, '--private-infrastructure=true'],
      ...['--allow-http-registry', image],
    )
  expect(await verify(key, signed)).toContain(signed.slice(signed.indexOf('@') + 1))
  await expect(verify(key, unsigned)).rejects.toThrow('no signatures found')
  await expect(verify(otherKey, signed)).rejects.toThrow()
})
