import { describe, expect, it } from 'vitest'
import { createRobot } from '../../../shared/robots/create.ts'
import { principalOf } from '../../../shared/users/items.ts'
import { openPeople } from './people.ts'

const access = (...texts: readonly string[]) =>
  texts.map((text) => {
    const [resource = '', action = ''] = text.split(':')
    return { resource, action }
  })
const inProject = (namespace: string, ...texts: readonly string[]) => ({
  ...{ kind: 'project', namespace },
  access: access(...texts),
})
const inSystem = (...texts: readonly string[]) => ({
  ...{ kind: 'system', namespace: '/' },
  access: access(...texts),
})
const robot = (name: string, ...permissions: readonly object[]) => ({
  ...{ name, level: 'system', duration: -1, permissions },
})
const robotOfP = (name: string, ...texts: readonly string[]) => ({
  ...robot(name, inProject('p', ...texts)),
  level: 'project',
})

type Made = { readonly id: number; readonly name: string; readonly secret: string }

/** Alice has the project `p`, bob has `q`. */
const open = async () => {
  const people = await openPeople()
  const p = await people.project('p')
  const q = await people.project('q', people.bob)
  const make = async (
    body: object,
    as: Parameters<typeof people.send>[2] = 'admin',
  ): Promise<Made> => {
    const response = await people.send('POST', '/robots', as, body)
    if (response.status !== 201) throw new Error(await response.text())
    return (await response.json()) as Made
  }
  const mayLogIn = async ({ name, secret }: Pick<Made, 'name' | 'secret'>) =>
    (await people.send('GET', '/users/current', [name, secret])).status === 412
  const read = async (id: number): Promise<object> =>
    (await (await people.send('GET', `/robots/${id}`, 'admin')).json()) as object
  return { ...people, p, q, make, mayLogIn, read }
}

describe('a new robot', () => {
  it('is answered with its secret, and where it is', async () => {
    const { send, mayLogIn } = await open()
    const body = { ...robot('ci', inProject('*', 'repository:pull')), duration: 7, id: 0 }
    const response = await send('POST', '/robots', 'admin', body)
    expect([response.status, response.headers.get('Location')]).toEqual([201, '/api/v2.0/robots/1'])
    const made = (await response.json()) as Made
    expect(made).toEqual({
      ...{ id: 1, name: 'robot$ci' },
      secret: expect.stringMatching(/^[A-Za-z0-9]{32}$/) as string,
      creation_time: expect.stringMatching(/Z$/) as string,
      expires_at: expect.any(Number) as number,
    })
    expect(await mayLogIn(made)).toBe(true)
  })

  it('is shown in Harbor’s shape, without its secret', async () => {
    const { make, read, admin, p } = await open()
    const repository = 'app/*'
    const body = {
      ...robotOfP('ci', 'repository:pull'),
      permissions: [{ ...inProject('p', 'repository:pull'), repository }],
      ...{ description: 'builds', duration: 7, disable: true },
    }
    const { id } = await make(body)
    const shown = await read(id)
    expect(shown).toMatchObject({ creator_ref: admin.number, duration: 7, disable: true })
    expect(shown).toEqual({
      ...{ id: 1, name: 'robot$p+ci', description: 'builds', level: 'project' },
      ...{ duration: 7, editable: true, disable: true, creator_type: 'local', creator_ref: 1 },
      expires_at:
        Math.floor(Date.parse(String(Reflect.get(shown, 'creation_time'))) / 1000) + 604_800,
      permissions: [
        {
          ...{ kind: 'project', namespace: p.name, repository },
          access: [{ resource: 'repository', action: 'pull', effect: 'allow' }],
        },
      ],
      creation_time: expect.any(String) as string,
      update_time: expect.any(String) as string,
    })
  })

  it('may be given a secret, and lasts 30 days if nothing is said', async () => {
    const { make, mayLogIn, read } = await open()
    const secret = 'Given1234'
    const body = { ...robot('ci', inProject('*', 'repository:pull')), secret, duration: 0 }
    const made = await make(body)
    expect(made.secret).toBe(secret)
    expect(await mayLogIn(made)).toBe(true)
    expect(await read(made.id)).toMatchObject({ duration: 30 })
  })

  const PULL = inProject('p', 'repository:pull')
  it.each([
    ['of a bad name', robot('CI', PULL), 400],
    ['of a level that there is not', { ...robot('ci', PULL), level: 'other' }, 400],
    ['without a level', { name: 'ci', permissions: [PULL] }, 400],
    ['without a permission', robot('ci'), 400],
    ['with what is no permission', robot('ci', inProject('p', 'a:b')), 400],
    [
      'with a permission denied',
      robot('ci', { ...PULL, access: [{ ...access('repository:pull')[0], effect: 'deny' }] }),
      400,
    ],
    [
      'of two projects',
      { ...robotOfP('ci'), permissions: [PULL, inProject('q', 'tag:list')] },
      400,
    ],
    [
      'of a project with rights in the system',
      { ...robotOfP('ci'), permissions: [inSystem('user:list')] },
      400,
    ],
    ['of a project that there is not', robot('ci', inProject('nowhere', 'repository:pull')), 404],
    ['with a weak secret', { ...robot('ci', PULL), secret: 'weak' }, 400],
    ['that lasts no time', { ...robot('ci', PULL), duration: -2 }, 400],
    ['that lasts a text', { ...robot('ci', PULL), duration: '7' }, 422],
    ['with a bad pattern', robot('ci', { ...PULL, repository: '[a' }), 400],
    ['whose name is taken', robot('taken', PULL), 409],
  ])('%s is refused', async (_what, body, status) => {
    const { send, make, failures } = await open()
    await make(robot('taken', PULL))
    expect((await send('POST', '/robots', 'admin', body)).status).toBe(status)
    expect(failures).toEqual([])
  })

  it('is made by who may, within what they may', async () => {
    const { send } = await open()
    const post = async (body: object, as?: string) =>
      (await send('POST', '/robots', as, body)).status
    expect(await post(robotOfP('a', 'repository:push', 'member:list'), 'alice')).toBe(201)
    expect(await post(robotOfP('b', 'repository:pull'), 'bob')).toBe(403)
    expect(await post(robot('c', inProject('p', 'repository:pull')), 'alice')).toBe(403)
    expect(await post(robot('d', inSystem('user:list')), 'alice')).toBe(403)
    expect(await post(robotOfP('e', 'repository:pull'))).toBe(401)
  })

  it('has one name, also when two are made at once', async () => {
    const { send } = await open()
    const body = robotOfP('ci', 'repository:pull')
    const answers = await Promise.all(
      [1, 2].map(async () => await send('POST', '/robots', 'alice', body)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
  })
})

describe('a robot that manages robots', () => {
  it('does so within its own rights', async () => {
    const { send, make } = await open()
    const texts = ['robot:create', 'robot:read', 'robot:list', 'robot:delete', 'robot:update']
    const made = await make(robotOfP('boss', 'repository:pull', ...texts), 'alice')
    const boss = [made.name, made.secret] as const
    const own = await make(robotOfP('a', 'repository:pull'), boss)
    expect((await send('POST', '/robots', boss, robotOfP('b', 'repository:push'))).status).toBe(403)
    const other = await make(robotOfP('c', 'repository:push'), 'alice')
    expect((await send('PATCH', `/robots/${own.id}`, boss, {})).status).toBe(200)
    expect((await send('PATCH', `/robots/${other.id}`, boss, {})).status).toBe(403)
    const shown = await send('GET', `/robots/${own.id}`, boss)
    expect(await shown.json()).toMatchObject({ creator_type: 'robot', creator_ref: made.id })
    expect((await send('DELETE', `/robots/${own.id}`, boss)).status).toBe(200)
    const ofQ = await make({ ...robot('d', inProject('q', 'tag:list')), level: 'project' }, 'bob')
    expect((await send('GET', `/robots/${ofQ.id}`, boss)).status).toBe(403)
    expect((await send('DELETE', `/robots/${ofQ.id}`, boss)).status).toBe(403)
  })

  it('gives itself nothing more: no right, no project, no other repository', async () => {
    const { send, make, read } = await open()
    const texts = ['robot:create', 'robot:read', 'robot:update']
    const made = await make(robotOfP('boss', 'repository:pull', ...texts), 'alice')
    const boss = [made.name, made.secret] as const
    const before = await read(made.id)
    const put = async (...permissions: readonly object[]) =>
      (await send('PUT', `/robots/${made.id}`, boss, { ...before, permissions })).status
    expect(await put(inProject('p', 'repository:push', ...texts))).toBe(403)
    expect(await put(inProject('*', 'repository:pull', ...texts))).toBe(400)
    expect(await put(inProject('q', 'repository:pull', ...texts))).toBe(403)
    expect(await put(inProject('nowhere', 'repository:pull', ...texts))).toBe(403)
    expect(await put(inSystem('user:list'))).toBe(400)
    expect(await read(made.id)).toMatchObject(before)
    const wide = await make(
      robot('wide', inSystem(...texts), { ...inProject('p', 'tag:list'), repository: 'app/*' }),
    )
    const asWide = [wide.name, wide.secret] as const
    for (const more of [
      inSystem(...texts, 'robot:delete'),
      inProject('p', 'tag:list'),
      inProject('*', 'tag:list'),
      { ...inProject('p', 'tag:list'), repository: '**' },
    ]) {
      const body = { name: 'wide', permissions: [more] }
      expect((await send('PUT', `/robots/${wide.id}`, asWide, body)).status).toBe(403)
    }
    // Less it may have.
    const less = { name: 'wide', permissions: [inSystem(...texts)] }
    expect((await send('PUT', `/robots/${wide.id}`, asWide, less)).status).toBe(200)
  })
})

describe('an edit of permissions', () => {
  it('is felt over the API at once, by the same secret', async () => {
    const { send, make } = await open()
    const made = await make(robotOfP('ci', 'repository:list'), 'alice')
    const ci = [made.name, made.secret] as const
    const may = async () => [
      (await send('GET', '/projects/p/repositories', ci)).status,
      (await send('GET', '/projects/p/members', ci)).status,
    ]
    const put = async (body: object) =>
      (await send('PUT', `/robots/${made.id}`, 'alice', { name: 'ci', ...body })).status
    expect(await may()).toEqual([200, 403])
    expect(await put({ permissions: [inProject('p', 'member:list')] })).toBe(200)
    expect(await may()).toEqual([403, 200])
    expect(await put({ disable: true })).toBe(200)
    expect(await may()).toEqual([401, 401])
    expect(await put({ disable: false })).toBe(200)
    expect(await may()).toEqual([403, 200])
  })
})

describe('the list of robots', () => {
  const openWithMany = async () => {
    const opened = await open()
    for (const name of ['a', 'b', 'c']) {
      await opened.make(robot(name, inSystem('catalog:read')))
      await opened.make(robotOfP(name, 'repository:pull'), 'alice')
    }
    const list = async (query: string, as?: string) => {
      const response = await opened.send('GET', `/robots${query}`, as)
      if (response.status !== 200) return response.status
      const robots = (await response.json()) as readonly Made[]
      const names = robots.map(({ name }) => name.replace('robot$', ''))
      return `${names.join()} of ${response.headers.get('X-Total-Count') ?? '?'}`
    }
    return { ...opened, list, ofP: `Level=project,ProjectID=${opened.p.number}` }
  }

  it('is of the system unless a project is asked for', async () => {
    const { list, ofP } = await openWithMany()
    expect(await list('', 'admin')).toBe('a,b,c of 3')
    expect(await list('?q=Level=system&page=0&page_size=0', 'admin')).toBe('a,b,c of 3')
    expect(await list(`?q=${ofP}`, 'alice')).toBe('p+a,p+b,p+c of 3')
    const twice = encodeURIComponent(encodeURIComponent(ofP))
    expect(await list(`?page=0&page_size=0&q=${twice}`, 'alice')).toBe('p+a,p+b,p+c of 3')
  })

  it('comes in pages, in any order, and by what is asked for', async () => {
    const { list, send, ofP } = await openWithMany()
    const first = await send('GET', '/robots?page_size=2', 'admin')
    expect(first.headers.get('Link')).toBe('</api/v2.0/robots?page_size=2&page=2>; rel="next"')
    expect(await list('?page_size=2&page=2', 'admin')).toBe('c of 3')
    expect(await list('?page_size=2&page=3', 'admin')).toBe(' of 3')
    expect(await list('?sort=-name', 'admin')).toBe('c,b,a of 3')
    expect(await list(`?q=${ofP},name=b`, 'alice')).toBe('p+b of 1')
    expect(await list(`?q=name=~ROBOT$B`, 'admin')).toBe('b of 1')
    expect(await list(`?q=name=robot$c`, 'admin')).toBe('c of 1')
  })

  it('is for who may', async () => {
    const { list, ofP } = await openWithMany()
    expect(await list('')).toBe(401)
    expect(await list('', 'alice')).toBe(403)
    expect(await list(`?q=${ofP}`, 'bob')).toBe(403)
    expect(await list('?q=Level=project,ProjectID=99', 'bob')).toBe(403)
    expect(await list('?q=Level=project,ProjectID=99', 'admin')).toBe(404)
  })

  it.each(['Level=other', 'Level=project', 'Level=project,ProjectID=p', 'Level=~system', 'Level'])(
    'is not asked for %s',
    async (q) => {
      const { list } = await openWithMany()
      expect(await list(`?q=${q}`, 'admin')).toBe(400)
    },
  )
})

describe('a robot', () => {
  it('is changed as a whole, whatever else a client sends back', async () => {
    const { send, make, read } = await open()
    const { id } = await make(robotOfP('ci', 'repository:pull'), 'alice')
    const body = {
      ...(await read(id)),
      ...{ description: 'changed', disable: true, duration: 10 },
      permissions: [inProject('p', 'repository:pull', 'repository:push')],
    }
    expect((await send('PUT', `/robots/${id}`, 'alice', body)).status).toBe(200)
    expect(await read(id)).toMatchObject({
      ...{ description: 'changed', disable: true, duration: 10, name: 'robot$p+ci' },
      permissions: [{ access: [{ action: 'pull' }, { action: 'push' }] }],
    })
  })

  it('keeps the duration and the permissions that a client leaves out', async () => {
    const { send, make, read } = await open()
    const { id } = await make(robotOfP('ci', 'repository:pull'), 'alice')
    const body = { name: 'ci', level: 'project', disable: true, duration: null, permissions: null }
    expect((await send('PUT', `/robots/${id}`, 'alice', body)).status).toBe(200)
    expect(await read(id)).toMatchObject({
      ...{ disable: true, duration: -1, permissions: [{ access: [{ action: 'pull' }] }] },
    })
  })

  it('keeps its name, its level and its project', async () => {
    const { send, make } = await open()
    const { id } = await make(robotOfP('ci', 'repository:pull'), 'admin')
    const put = async (body: object) => (await send('PUT', `/robots/${id}`, 'admin', body)).status
    expect(await put({ name: 'other' })).toBe(400)
    expect(await put({ level: 'system' })).toBe(400)
    expect(await put({ permissions: [inProject('q', 'repository:pull')] })).toBe(400)
    expect(await put({ duration: -5 })).toBe(400)
    expect(await put({ disable: 'yes' })).toBe(422)
  })

  it('gets another secret: one that is shown, or one that is given', async () => {
    const { send, make, mayLogIn } = await open()
    const made = await make(robotOfP('ci', 'repository:pull'), 'alice')
    const patch = async (body: object, as = 'alice') =>
      await send('PATCH', `/robots/${made.id}`, as, body)
    const { secret } = (await (await patch({ secret: '' })).json()) as Made
    expect([await mayLogIn(made), await mayLogIn({ ...made, secret })]).toEqual([false, true])
    const given = await patch({ secret: 'Given1234' })
    expect([given.status, await given.json()]).toEqual([200, {}])
    expect(await mayLogIn({ ...made, secret: 'Given1234' })).toBe(true)
    expect((await patch({ secret: 'weak' })).status).toBe(400)
    expect((await patch({}, 'bob')).status).toBe(403)
  })

  it('that is deleted is gone', async () => {
    const { send, make, mayLogIn } = await open()
    const made = await make(robotOfP('ci', 'repository:pull'), 'alice')
    const path = `/robots/${made.id}`
    expect((await send('DELETE', path, 'bob')).status).toBe(403)
    expect((await send('DELETE', path, 'alice')).status).toBe(200)
    expect(await mayLogIn(made)).toBe(false)
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', {}],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      expect((await send(method, path, 'alice', body)).status).toBe(404)
      expect((await send(method, path, undefined, body)).status).toBe(401)
      expect((await send(method, '/robots/x', 'alice', body)).status).toBe(422)
    }
  })
})

describe('the robots under a project', () => {
  it('are made, listed, changed and deleted there', async () => {
    const { send, p, mayLogIn, read } = await open()
    const body = { name: 'ci', access: access(`/project/${p.number}/repository:pull`) }
    const made = await send('POST', '/projects/p/robots', 'alice', body)
    expect([made.status, made.headers.get('Location')]).toEqual([
      201,
      '/api/v2.0/projects/p/robots/1',
    ])
    const robotMade = (await made.json()) as Made
    expect(await mayLogIn(robotMade)).toBe(true)
    expect(robotMade.name).toBe('robot$p+ci')
    expect(await read(1)).toMatchObject({ level: 'project', duration: 30 })
    const listed = await send('GET', `/projects/${p.number}/robots?page_size=1`, 'alice')
    expect(listed.headers.get('X-Total-Count')).toBe('1')
    expect(await listed.json()).toMatchObject([{ id: 1, name: 'robot$p+ci' }])
    expect((await send('PUT', '/projects/p/robots/1', 'alice', { disable: true })).status).toBe(200)
    expect(await (await send('GET', '/projects/p/robots/1', 'alice')).json()).toMatchObject({
      disable: true,
    })
    expect((await send('DELETE', '/projects/p/robots/1', 'alice')).status).toBe(200)
    expect((await send('GET', '/projects/p/robots/1', 'alice')).status).toBe(404)
  })

  it('are those of that project only', async () => {
    const { send, make } = await open()
    const { id } = await make(robotOfP('ci', 'repository:pull'), 'alice')
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? {} : undefined
      expect((await send(method, `/projects/q/robots/${id}`, 'bob', body)).status).toBe(404)
      expect((await send(method, `/projects/p/robots/${id}`, 'bob', body)).status).toBe(403)
    }
    expect((await send('GET', '/projects/p/robots', 'bob')).status).toBe(403)
    expect((await send('GET', '/projects/p/robots')).status).toBe(401)
  })

  it.each([
    [{ expires_at: -1 }, 201],
    [{ expires_at: 4_102_444_800 }, 201],
    [{ expires_at: 1 }, 400],
    [{ access: access('a:b') }, 400],
    [{ access: [] }, 400],
    [{ access: 'all' }, 422],
  ])('take %o', async (more, status) => {
    const { send } = await open()
    const body = { name: 'ci', access: access('repository:pull'), ...more }
    expect((await send('POST', '/projects/p/robots', 'alice', body)).status).toBe(status)
  })
})

describe('a token of a user', () => {
  it('with the right to make robots makes them within its scope', async () => {
    const { send, token, alice, store } = await open()
    const login = await token(alice, ['robot:create', 'repository:pull'])
    const post = async (body: object) => (await send('POST', '/robots', login, body)).status
    expect(await post(robotOfP('a', 'repository:pull'))).toBe(201)
    expect(await post(robotOfP('b', 'repository:push'))).toBe(403)
    const attempt = createRobot(store, principalOf(alice), {
      ...{ name: 'c', level: 'project' },
      permissions: [{ kind: 'project', namespace: 'p', access: access('repository:push') }],
    })
    expect((await attempt).robot.durationDays).toBe(30)
  })
})
