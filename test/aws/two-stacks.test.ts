/** Two registries in one account and region, deployed side by side: they share nothing. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authorization } from '../support/credentials.ts'
import { writeImage } from '../support/layout.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { startMinistack } from '../tools/endpoints/start.ts'
import { bootstrap } from './deploy.ts'
import { deployRegistryTo, type DeployedRegistry } from './registry.ts'
import { makeProject } from './stories.ts'

const cleanUps: (() => Promise<void>)[] = []
let one: DeployedRegistry
let two: DeployedRegistry

beforeAll(async () => {
  const { endpoint, stop } = await startMinistack()
  cleanUps.push(stop)
  await bootstrap(endpoint)
  const deploy = async (stackName: string, apiId: string): Promise<DeployedRegistry> => {
    const registry = await deployRegistryTo(endpoint, { stackName, apiId, disposable: 'true' })
    cleanUps.push(registry.stop)
    return registry
  }
  ;[one, two] = await Promise.all([deploy('One', 'a1b1c1d1'), deploy('Two', 'a2b2c2d2')])
})

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

const status = async (registry: DeployedRegistry, path: string, as: string): Promise<number> =>
  (await fetch(`${registry.url}${path}`, { headers: { Authorization: as } })).status

const tokenOf = async ({ admin, url }: DeployedRegistry): Promise<string> => {
  const scope = 'repository:mine/image:pull,push'
  const answer = await fetch(`${url}/service/token?scope=${encodeURIComponent(scope)}`, {
    headers: { Authorization: authorization(admin) },
  })
  const { token = '' } = (await answer.json()) as { token?: string }
  return token
}

describe('two registries in one account', () => {
  const workspace = provideWorkspace()

  it('have nothing of one name, and each an administrator of its own', async () => {
    const names = ({ outputs }: DeployedRegistry): readonly string[] => Object.values(outputs)
    expect(names(one).filter((name) => names(two).includes(name))).toEqual([])
    expect(one.admin.password).not.toBe(two.admin.password)
    const current = '/api/v2.0/users/current'
    expect(await status(one, current, authorization(one.admin))).toBe(200)
    expect(await status(two, current, authorization(one.admin))).toBe(401)
    expect(await status(two, current, authorization(two.admin))).toBe(200)
  })

  it('know no project, no image and no token of one another, and one outlives the other', async () => {
    await workspace().logIn(one.host, one.admin)
    const layout = await writeImage(join(workspace().path, 'image'), { layers: 1 })
    for (const registry of [one, two]) {
      await makeProject(registry, 'mine')
      await workspace().logIn(registry.host, registry.admin)
      if (registry === one) continue
      await workspace().run('crane', 'push', '--insecure', layout.path, `${two.host}/mine/image:v1`)
    }
    const manifest = '/v2/mine/image/manifests/v1'
    const [ofOne, ofTwo] = [`Bearer ${await tokenOf(one)}`, `Bearer ${await tokenOf(two)}`]
    expect(await status(two, manifest, ofTwo)).toBe(200)
    expect(await status(two, manifest, ofOne)).toBe(401)
    expect(await status(one, manifest, ofOne)).toBe(404)
    expect(await (await one.ask('/projects/mine/repositories')).json()).toEqual([])

    await one.destroy()
    const digest = await workspace().run(
      ...(['crane', 'digest', '--insecure', `${two.host}/mine/image:v1`] as const),
    )
    expect(digest.trim()).toBe(layout.digest)
    expect((await two.ask('/projects/mine')).status).toBe(200)
  })
})
