/** Every route of the distribution API, and what whoever comes without a right is told there. */
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { openDoor, PASSWORD } from '../support/door.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`
const VALUES: Readonly<Record<string, string>> = {
  name: 'secret/hidden',
  reference: 'v1',
  digest: DIGEST,
  upload: 'a'.repeat(26),
}

/** What everybody may ask: who they are, and by which keys tokens are verified. */
const FOR_ALL = new Set(['GET /service/token', 'POST /service/token', 'GET /.well-known/jwks.json'])

const open = async () => {
  const { door, store } = await openDoor()
  const { app } = createTestApp({
    wrap: ({ objects }) => ({ kv: store.kv, objects }),
    door: () => door,
  })
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => ({ method, path, route: `${method} ${path}` }))
  const ask = async (
    { method, path }: (typeof routes)[number],
    headers: Record<string, string> = {},
  ) => {
    const filled = path.replaceAll(
      /:(\w+)(\{[^}]*\})?/g,
      (_all, name: string) => VALUES[name] ?? 'x',
    )
    return await app.request(filled, { method, headers })
  }
  const rules = routes.filter(({ route }) => !FOR_ALL.has(route))
  return { routes, rules, ask }
}

describe('every route of the distribution API', () => {
  it('is known, and so is what everybody may', async () => {
    const { routes } = await open()
    const known = new Set(routes.map(({ route }) => route))
    expect([...FOR_ALL].filter((route) => !known.has(route))).toEqual([])
    expect(known.size).toBeGreaterThan(25)
  })

  it('tells a stranger to log in, before it looks at anything else', async () => {
    const { ask, rules } = await open()
    const open401: string[] = []
    for (const one of rules) {
      const answer = await ask(one)
      const challenge = answer.headers.get('WWW-Authenticate') ?? ''
      if (answer.status !== 401 || !challenge.startsWith('Bearer ')) open401.push(one.route)
    }
    expect(open401).toEqual([])
  })

  it('refuses who has an account and no right in the project', async () => {
    const { ask, rules } = await open()
    const login = Buffer.from(`alice:${PASSWORD}`).toString('base64')
    const wrong: string[] = []
    for (const one of rules) {
      const { status } = await ask(one, { Authorization: `Basic ${login}` })
      // Whoever logs in is told that they did, and of nothing else.
      const expected = /^\/v2\/?$/.test(one.path) ? 200 : 403
      if (status !== expected) wrong.push(`${one.route}: ${status}`)
    }
    expect(wrong).toEqual([])
  })
})
