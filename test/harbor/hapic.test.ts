import { HarborClient } from '@hapic/harbor'
import { expect, test } from 'vitest'
import { writeImage } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const open = (): HarborClient => {
  const { login, url } = registry()
  const { name: user, password } = login
  return new HarborClient({ connectionOptions: { host: `${url}/api/v2.0/`, user, password } })
}

test('@hapic/harbor makes, finds, changes and deletes a project', async () => {
  const { project } = open()
  const { id = 0 } = await project.create({ project_name: 'hapic' })
  expect(id).toBeGreaterThan(1)
  expect(await project.getOne(id)).toMatchObject({ project_id: id, name: 'hapic' })
  await project.update(id, { project_name: 'hapic', public: true })
  expect((await project.getOne('hapic', true)).metadata).toMatchObject({ public: 'true' })
  const { data, meta } = await project.getMany({ query: { page_size: 1 } })
  expect(data).toHaveLength(1)
  expect(meta.total).toBeGreaterThanOrEqual(2)
  await project.delete(id)
  await expect(project.getOne(id)).rejects.toThrow(/404/)
})

test('@hapic/harbor makes a robot, changes it and gives it another secret', async () => {
  const { project, robot } = open()
  await project.create({ project_name: 'robots' })
  const access = [{ resource: 'repository', action: 'pull' } as const]
  const made = await robot.create({
    ...{ name: 'ci', description: '', duration: -1, level: 'system', disable: false },
    permissions: [{ kind: 'project', namespace: 'robots', access }],
  })
  expect(made.name).toBe('robot$ci')
  const found = await robot.getOne(made.id)
  await robot.update(made.id, { ...found, description: 'changed' })
  expect(await robot.getOne(made.id)).toMatchObject({ description: 'changed', level: 'system' })
  const { secret } = await robot.updateSecret(made.id)
  expect(secret).toHaveLength(32)
  await robot.delete(made.id)
})

test('@hapic/harbor lists repositories and artifacts, and copies and deletes one', async () => {
  const { project, projectRepository, projectRepositoryArtifact: artifacts } = open()
  await project.create({ project_name: 'images' })
  const layout = await writeImage(await workspace().directory('image'))
  await workspace().run('crane', 'push', layout.path, `${registry().host}/images/one:v1`)
  const { data } = await projectRepository.getMany({ projectName: 'images' })
  expect(data).toMatchObject([{ artifact_count: 1 }])
  const [from, to] = [
    { projectName: 'images', repositoryName: 'one', artifactTag: 'v1' },
    { projectName: 'images', repositoryName: 'two' },
  ]
  await artifacts.copy(to, from)
  expect(await artifacts.getMany(to)).toMatchObject([{ digest: layout.digest, type: 'IMAGE' }])
  await artifacts.delete({ ...to, tagOrDigest: 'v1' })
  expect(await artifacts.getMany(to)).toEqual([])
})
