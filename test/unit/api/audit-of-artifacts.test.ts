import { describe, expect, it } from 'vitest'
import { listAudit } from '../../../shared/audit/list.ts'
import { pushImage } from '../../support/app.ts'
import { createDomainApi } from './domain.ts'

const PATH = '/projects/team/repositories/app'

const start = async () => {
  const api = await createDomainApi()
  const { oci, store, send } = api
  const { pid } = await api.create('team')
  await api.create('other')
  const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
  const read = async () => {
    const { entries } = await listAudit(store, [pid], { limit: 100 })
    return entries.map(({ operator, operation, resourceType, resource, description }) =>
      [operator, operation, resourceType, resource, description].join(' ').trim(),
    )
  }
  /** The entries of one change in the log of the project, once it is done. */
  const change = async (method: string, path: string, body?: unknown) => {
    const before = (await read()).length
    const { status } = await send(method, path, 'alice', body)
    const entries = await read()
    return [status, ...entries.slice(0, entries.length - before)]
  }
  return { ...api, digest, change }
}

describe('the log of a project', () => {
  it('tells of labels, and of where they are put', async () => {
    const { change, digest } = await start()
    const label = { name: 'good', scope: 'p', project_id: 2 }
    expect(await change('POST', '/labels', label)).toEqual([201, 'alice create label good'])
    expect(await change('POST', '/labels', label)).toEqual([409])
    expect(await change('PUT', '/labels/1', { color: '#000000' })).toEqual([
      200,
      'alice update label good',
    ])
    const on = `${PATH}/artifacts/v1/labels`
    const what = `alice update artifact team/app@${digest} label 1`
    expect(await change('POST', on, { id: 1 })).toEqual([200, `${what} put on`])
    expect(await change('POST', on, { id: 1 })).toEqual([409])
    expect(await change('DELETE', `${on}/1`)).toEqual([200, `${what} taken off`])
    expect(await change('DELETE', `${on}/1`)).toEqual([404])
    expect(await change('DELETE', '/labels/1')).toEqual([200, 'alice delete label good'])
  })

  it('tells of tags, artifacts and repositories', async () => {
    const { change, digest } = await start()
    const tags = `${PATH}/artifacts/v1/tags`
    expect(await change('POST', tags, { name: 'v2' })).toEqual([
      201,
      'alice create tag team/app:v2',
    ])
    expect(await change('POST', tags, { name: 'v2' })).toEqual([409])
    expect(await change('DELETE', `${tags}/v2`)).toEqual([200, 'alice delete tag team/app:v2'])
    expect(await change('DELETE', `${tags}/v2`)).toEqual([404])
    expect(await change('PUT', PATH, { description: 'x' })).toEqual([
      200,
      'alice update repository team/app',
    ])
    const copy = '/projects/team/repositories/copy/artifacts?from=team/app:'
    expect(await change('POST', `${copy}v1`)).toEqual([201, 'alice create artifact team/copy:v1'])
    expect(await change('POST', `${copy}v9`)).toEqual([404])
    expect(await change('DELETE', `${PATH}/artifacts/v1`)).toEqual([
      200,
      `alice delete artifact team/app@${digest}`,
    ])
    const undelete = `${PATH}/artifacts/v1/undelete`
    expect(await change('POST', undelete, {})).toEqual([
      200,
      'alice create artifact team/app:v1 brought back from the trash',
    ])
    expect(await change('POST', undelete, {})).toEqual([200])
    expect(await change('POST', `${PATH}/artifacts/v9/undelete`, {})).toEqual([404])
    expect(await change('DELETE', PATH)).toEqual([200, 'alice delete repository team/app'])
    expect(await change('DELETE', PATH)).toEqual([404])
  })
})
