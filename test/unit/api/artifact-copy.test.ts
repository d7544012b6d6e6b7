import { describe, expect, it } from 'vitest'
import { addMember } from '../../../shared/projects/add-member.ts'
import type { Project } from '../../../shared/projects/project.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import { setStorageLimit } from '../../../shared/quota/limit.ts'
import { readQuota } from '../../../shared/quota/read.ts'
import { imageJson, indexJson, pushImage, putManifest } from '../../support/app.ts'
import { createDomainApi, refusal } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { alice, bob, store, send, oci, create } = api
  const [team, other] = [await create('team'), await create('other')]
  const addBob = async (role: Role, to: Project) => {
    const facts = { pid: to.pid, isPublic: false, role: 'projectAdmin' } as const
    const given = { user: bob.number, userName: bob.name, role }
    return await addMember(store, { principal: alice, facts }, given)
  }
  const copy = async (from: string, as = 'alice') =>
    await send('POST', `/projects/other/repositories/a%252Fb/artifacts?from=${from}`, as)
  const pull = async (reference: string) =>
    (await oci.app.request(`/v2/other/a/b/manifests/${reference}`)).status
  return { ...api, team, other, addBob, copy, pull }
}

describe('POST artifacts?from=', () => {
  it('copies an image by tag with that tag, and by digest with all', async () => {
    const { oci, copy, pull, send } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    await send('POST', '/projects/team/repositories/app/artifacts/v1/tags', 'alice', { name: 'x' })
    const response = await copy('team/app:v1')
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe(
      `/api/v2.0/projects/other/repositories/a%252Fb/artifacts/${digest}`,
    )
    expect([await pull('v1'), await pull('x'), await pull(digest)]).toEqual([200, 404, 200])
    expect((await copy(`team/app@${digest}`)).status).toBe(201)
    expect(await pull('x')).toBe(200)
  })

  it('copies an index with its parts, and what is about them', async () => {
    const { oci, copy, pull } = await start()
    const part = await pushImage(oci, 'team/app', 'part', ['one'])
    await putManifest(oci, 'team/app', 'all', indexJson([imageJson('{}', ['one'])]))
    const signature = `${part.replace(':', '-')}.sig`
    await pushImage(oci, 'team/app', signature, ['signature'])
    const subject = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: part,
      size: 1,
    }
    const referrer = await pushImage(oci, 'team/app', 'sbom', ['sbom'], { subject })
    expect((await copy('team/app:all')).status).toBe(201)
    expect(await Promise.all(['all', part, signature, referrer].map(pull))).toEqual([
      ...[200, 200, 200, 200],
    ])
    expect([await pull('part'), await pull('sbom')]).toEqual([404, 404])
  })

  it('needs to pull there and to push here', async () => {
    const { oci, copy, addBob, team, other } = await start()
    await pushImage(oci, 'team/app', 'v1', ['one'])
    expect((await copy('team/app:v1', 'bob')).status).toBe(403)
    await addBob('developer', other)
    expect((await copy('team/app:v1', 'bob')).status).toBe(403)
    expect((await copy('nothing/app:v1', 'bob')).status).toBe(403)
    await addBob('limitedGuest', team)
    expect((await copy('team/app:v1', 'bob')).status).toBe(201)
  })

  it('into a project without room for all of it is refused in Harbor’s words, and copies no image', async () => {
    const { oci, copy, pull, other, store } = await start()
    const layers = ['x'.repeat(600), 'y'.repeat(600)]
    await pushImage(oci, 'team/app', 'v1', layers)
    await setStorageLimit(store, other.pid, 1_000)
    expect(await refusal(await copy('team/app:v1'))).toMatch(
      /^403 adding 600 B of storage resource, which when updated to current usage of \d+ B will exceed/,
    )
    expect([await pull('v1'), (await readQuota(store, other.pid))?.usedBytes ?? 0]).toEqual([
      404,
      expect.toSatisfy((used: number) => used <= 1_000) as number,
    ])
    await setStorageLimit(store, other.pid, 1_300)
    expect((await copy('team/app:v1')).status).toBe(201)
    expect((await readQuota(store, other.pid))?.usedBytes).toBe(1_202)
  })

  it('refuses what is not there, and what is no reference', async () => {
    const { oci, copy, send } = await start()
    await pushImage(oci, 'team/app', 'v1', ['one'])
    expect(await refusal(await copy('team/app:v2'))).toBe('404 artifact team/app:v2 not found')
    expect((await copy('team/none:v1')).status).toBe(404)
    expect((await copy('none/app:v1', 'admin')).status).toBe(404)
    for (const from of ['team/app', 'app:v1', 'team/app@sha256:1', 'team/App:v1', 'team/app:.x']) {
      expect((await copy(from)).status).toBe(400)
    }
    const path = '/projects/other/repositories/app/artifacts'
    expect((await send('POST', path, 'alice')).status).toBe(422)
  })
})

describe('GET accessories', () => {
  it('lists them, a page at a time', async () => {
    const { oci, get, pass, ask } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
    for (const artifactType of ['application/vnd.cncf.notary.signature', 'application/other']) {
      pass(1_000)
      await pushImage(oci, 'team/app', artifactType.slice(-5), ['x'], { subject, artifactType })
    }
    const path = '/projects/team/repositories/app/artifacts/v1/accessories'
    const response = await get(`${path}?page_size=1`, 'alice')
    expect(response.headers.get('X-Total-Count')).toBe('2')
    expect(await response.json()).toMatchObject([
      { type: 'signature.notation', subject_artifact_digest: digest },
    ])
    const found = await get(`${path}?q=type%3Dsubject.accessory`, 'alice')
    expect(await found.json()).toMatchObject([{ type: 'subject.accessory' }])
    expect(await ask(path, 'bob')).toBe('403 FORBIDDEN')
  })
})
