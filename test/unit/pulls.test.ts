import { describe, expect, it } from 'vitest'
import { PortError } from '../../shared/ports.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseTag } from '../../shared/oci/reference.ts'
import { sweepRepository } from '../../shared/repositories/sweep.ts'
import { createPulls } from '../../shared/repositories/pulls.ts'
import type { Kv } from '../../shared/ports.ts'
import { pushImage } from '../support/app.ts'
import { createDomainApi } from './api/domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { oci, store, get, registry } = api
  await api.create('team')
  const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
  const repository = await registry.repositories.existing(parseRepositoryName('team/app'))
  if (repository === undefined) throw new Error('no repository')
  let writes = 0
  let fails = false
  const transact: Kv['transact'] = async (...given) => {
    if (fails) throw new PortError('full', 'full')
    writes += 1
    return await store.kv.transact(...given)
  }
  const pulls = createPulls({ ...store, kv: { ...store.kv, transact } })
  const read = async (path: string): Promise<unknown> =>
    await (await get(`/projects/team/repositories/app${path}`, 'alice')).json()
  const failing = (value: boolean): void => {
    fails = value
  }
  return { ...api, digest, repository, pulls, read, failing, writes: () => writes }
}

const tag = parseTag('v1')

describe('pulls', () => {
  it('are counted and timed, in one write each however many they are', async () => {
    const { pulls, repository, digest, read, writes } = await start()
    for (let n = 0; n < 5; n += 1) pulls.pulled(repository, digest, tag)
    pulls.pulled(repository, digest)
    expect(await read('')).toMatchObject({ pull_count: 0 })
    await pulls.flush()
    expect(writes()).toBe(3)
    expect(await read('')).toMatchObject({ pull_count: 6 })
    expect(await read('/artifacts/v1')).toMatchObject({
      pull_time: expect.stringMatching(/^20/) as string,
      tags: [{ pull_time: expect.stringMatching(/^20/) as string }],
    })
  })

  it('are written once a minute, and all at the end', async () => {
    const { pulls, repository, digest, read, writes, pass } = await start()
    const pull = async () => {
      pulls.pulled(repository, digest)
      await pulls.flush()
    }
    await pull()
    await pull()
    expect(writes()).toBe(2)
    pass(60_000)
    await pulls.flush()
    expect(writes()).toBe(4)
    await pull()
    await pulls.close()
    expect(await read('')).toMatchObject({ pull_count: 3 })
  })

  it('that could not be written are written the next time', async () => {
    const { pulls, repository, digest, read, failing } = await start()
    pulls.pulled(repository, digest)
    failing(true)
    await expect(pulls.flush()).rejects.toThrow('full')
    pulls.pulled(repository, digest)
    failing(false)
    await pulls.flush()
    expect(await read('')).toMatchObject({ pull_count: 2 })
  })

  it('of what is gone, or was pointed elsewhere, leave nothing', async () => {
    const { pulls, repository, digest, registry, send, store, read, oci } = await start()
    pulls.pulled(repository, digestOf('never there'), tag)
    await pulls.flush()
    expect(await read('/artifacts/v1')).toMatchObject({
      tags: [{ pull_time: '0001-01-01T00:00:00.000Z' }],
    })
    expect((await send('DELETE', '/projects/team/repositories/app', 'alice')).status).toBe(200)
    while ((await sweepRepository(registry, repository)) === 'more');
    pulls.pulled(repository, digest, tag)
    await pulls.close()
    const pk = `REPOSITORY#${repository.rid}`
    expect((await store.kv.query({ pk, read: 'strong' })).items).toEqual([])
    expect(oci.failures).toEqual([])
  })
})
