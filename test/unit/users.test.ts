import { describe, expect, it } from 'vitest'
import type { UserNumber } from '../../shared/auth/principal.ts'
import { verifyPassword } from '../../shared/auth/passwords.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { readCounter } from '../../shared/store/numbers.ts'
import type { Store } from '../../shared/store/store.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { key, prefix } from '../../shared/table.ts'
import { ensureAdmin } from '../../shared/users/admin.ts'
import { authenticate } from '../../shared/users/authenticate.ts'
import { setSysadmin, updateProfile } from '../../shared/users/change.ts'
import { createProject } from '../../shared/projects/create.ts'
import { listMembers } from '../../shared/projects/members.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createUser, type NewUser } from '../../shared/users/create.ts'
import { deleteUser } from '../../shared/users/delete.ts'
import { findUserByName, readUser, readWithPassword } from '../../shared/users/find.ts'
import { parseUserNumber } from '../../shared/users/items.ts'
import { listUsers, walkNames, walkUsers } from '../../shared/users/list.ts'
import { changePassword, resetPassword } from '../../shared/users/password.ts'
import {
  authenticateToken,
  createToken,
  listTokens,
  revokeToken,
} from '../../shared/users/tokens.ts'
import { CHEAP } from '../support/cheap-passwords.ts'

const PASSWORD = 'Passw0rd of theirs'
const OTHER = 'An0ther password'
const HOUR = 60 * 60_000

const openStore = () => {
  const { kv } = openMemory()
  let now = 1_800_000_000_000
  const clock = {
    now: () => now,
    sleep: (milliseconds: number) => {
      now += milliseconds
      return Promise.resolve()
    },
  }
  const store: Store = { kv, clock, ids: createRandomIds(), passwordCost: CHEAP }
  return { store, pass: clock.sleep }
}

const create = async (store: Store, name: string, more: Partial<NewUser> = {}) =>
  await createUser(store, { name, password: PASSWORD, ...more })

const refusal = (code: string) => ({ name: 'DomainError', code })

const login = async (store: Store, name: string, password: string, address = '192.0.2.1') =>
  await authenticate(store, { login: name, password, address })

/** Sort keys of everything under a user. */
const under = async (store: Store, number: UserNumber): Promise<readonly string[]> =>
  (await store.kv.query({ pk: key.user(number).pk, read: 'strong' })).items.map(({ sk }) => sk)

describe('a new user', () => {
  it('is found by number and by name in any case, as it was made', async () => {
    const { store } = openStore()
    const made = await create(store, 'Alice', { email: 'A@example.org', realname: 'Alice A.' })
    expect(made).toMatchObject({
      number: 1,
      name: 'Alice',
      email: 'A@example.org',
      realname: 'Alice A.',
      comment: '',
      isSysadmin: false,
    })
    expect(await readUser(store, made.number)).toEqual(made)
    expect(await findUserByName(store, 'aLICE')).toEqual(made)
  })

  it('shows no hash of its password', async () => {
    const { store } = openStore()
    expect(JSON.stringify(await create(store, 'alice'))).not.toContain('argon2')
  })

  it('has the next number, also when many are made at once', async () => {
    const { store } = openStore()
    const names = ['a', 'b', 'c', 'd', 'e']
    const made = await Promise.all(names.map(async (name) => await create(store, name)))
    expect(made.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4, 5])
    expect(await readCounter(store, 'users')).toEqual({ last: 5, total: 5 })
  })

  it('cannot have a name or a mail address of somebody else, in any case', async () => {
    const { store } = openStore()
    await create(store, 'alice', { email: 'a@example.org' })
    await expect(create(store, 'ALICE')).rejects.toMatchObject(refusal('CONFLICT'))
    const sameMail = create(store, 'bob', { email: 'A@EXAMPLE.ORG' })
    await expect(sameMail).rejects.toMatchObject(refusal('CONFLICT'))
    expect(await findUserByName(store, 'bob')).toBeUndefined()
    expect(await readCounter(store, 'users')).toEqual({ last: 1, total: 1 })
  })

  it('is one of two when both want the same name at once', async () => {
    const { store } = openStore()
    const both = await Promise.allSettled([create(store, 'alice'), create(store, 'Alice')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it.each([
    '',
    'robot$ci',
    'a,b',
    'a~b',
    'a#b',
    'a%b',
    'a"b',
    'a:b',
    ' a',
    'a ',
    'a\nb',
    'a\u200bb',
    '\ud800',
    'x'.repeat(256),
  ])('cannot be called %j', async (name) => {
    const { store } = openStore()
    await expect(create(store, name)).rejects.toMatchObject(refusal('BAD_REQUEST'))
    expect(await findUserByName(store, name)).toBeUndefined()
  })

  it.each(['a@example.org', 'Ünïcode', 'two words', 'x'.repeat(255), '統'.repeat(255)])(
    'may be called %s',
    async (name) => {
      const { store } = openStore()
      await create(store, name)
      expect(await login(store, name, PASSWORD)).toMatchObject({ name })
    },
  )

  it('without mail address leaves room for others without', async () => {
    const { store } = openStore()
    await create(store, 'alice', { email: '' })
    expect(await create(store, 'bob', { email: '' })).toMatchObject({ email: undefined })
  })

  it.each([
    ['a weak password', { password: 'weak' }],
    ['a bad mail address', { email: 'nobody' }],
    ['a long real name', { realname: 'x'.repeat(256) }],
    ['a comment of control characters', { comment: 'a\u0000' }],
  ])('with %s is refused', async (_, more) => {
    const { store } = openStore()
    await expect(create(store, 'alice', more)).rejects.toMatchObject(refusal('BAD_REQUEST'))
  })
})

describe('the list of users', () => {
  it('is by name without case, and its pages make up the whole', async () => {
    const { store } = openStore()
    for (const name of ['bob', 'Alice', 'Carol', 'dave', 'eve']) await create(store, name)
    const names: string[] = []
    for (let skip = 0; skip < 6; skip += 2) {
      const page = await listUsers(store, { skip, limit: 2 })
      expect(page).toMatchObject({ total: 5, more: skip < 4 })
      names.push(...page.entries.map(({ name }) => name))
    }
    expect(names).toEqual(['Alice', 'bob', 'Carol', 'dave', 'eve'])
    const { entries } = await listUsers(store, { limit: 2, isDescending: true })
    expect(entries.map(({ name }) => name)).toEqual(['eve', 'dave'])
  })

  it('has nothing behind its last page, and nothing behind that', async () => {
    const { store } = openStore()
    for (const name of ['a', 'b']) await create(store, name)
    expect(await listUsers(store, { limit: 2 })).toMatchObject({ more: false })
    expect(await listUsers(store, { limit: 2, skip: 2 })).toMatchObject({ entries: [], total: 2 })
  })

  it('is walked as a whole, in as many steps as it takes', async () => {
    const { store } = openStore()
    for (const name of ['a', 'b']) await create(store, name, { comment: name })
    const names: string[] = []
    for await (const { name } of walkNames(store, { isDescending: true })) names.push(name)
    for await (const { comment } of walkUsers(store)) names.push(comment)
    expect(names).toEqual(['b', 'a', 'a', 'b'])
  })
})

describe('a change of a user', () => {
  it('leaves what it does not name, and gives it another version', async () => {
    const { store } = openStore()
    const made = await create(store, 'alice', { email: 'a@example.org', comment: 'first' })
    const changed = await updateProfile(store, made.number, { realname: 'Alice' })
    expect(changed).toMatchObject({ email: 'a@example.org', comment: 'first', realname: 'Alice' })
    expect(changed.version).not.toBe(made.version)
  })

  it('of the mail address frees the old one', async () => {
    const { store } = openStore()
    const { number } = await create(store, 'alice', { email: 'old@example.org' })
    await updateProfile(store, number, { email: 'new@example.org' })
    expect(await create(store, 'bob', { email: 'old@example.org' })).toBeDefined()
    const taken = create(store, 'carol', { email: 'new@example.org' })
    await expect(taken).rejects.toMatchObject(refusal('CONFLICT'))
    expect(await updateProfile(store, number, { email: '' })).toMatchObject({ email: undefined })
    expect(await create(store, 'carol', { email: 'new@example.org' })).toBeDefined()
  })

  it('of the mail address to that of another is refused, but its own may be spelled anew', async () => {
    const { store } = openStore()
    const { number } = await create(store, 'alice', { email: 'a@example.org' })
    await create(store, 'bob', { email: 'b@example.org' })
    const taken = updateProfile(store, number, { email: 'B@example.org' })
    await expect(taken).rejects.toMatchObject(refusal('CONFLICT'))
    const spelled = await updateProfile(store, number, { email: 'A@Example.org' })
    expect(spelled.email).toBe('A@Example.org')
  })

  it('does not undo another that is made at once', async () => {
    const { store } = openStore()
    const { number } = await create(store, 'alice')
    await Promise.all([
      updateProfile(store, number, { email: 'a@example.org' }),
      updateProfile(store, number, { comment: 'hello' }),
      setSysadmin(store, await create(store, 'bob').then((bob) => bob.number), true),
    ])
    expect(await readUser(store, number)).toMatchObject({
      email: 'a@example.org',
      comment: 'hello',
    })
  })

  it('of somebody who is not there is refused', async () => {
    const { store } = openStore()
    const nobody = updateProfile(store, parseUserNumber(7), { comment: '' })
    await expect(nobody).rejects.toMatchObject(refusal('NOT_FOUND'))
    expect(await readUser(store, parseUserNumber(7))).toBeUndefined()
  })

  it('makes an administrator and takes it back, but never from the first', async () => {
    const { store } = openStore()
    const first = await create(store, 'admin', { isSysadmin: true })
    const { number } = await create(store, 'alice')
    expect(await setSysadmin(store, number, true)).toMatchObject({ isSysadmin: true })
    expect(await setSysadmin(store, number, false)).toMatchObject({ isSysadmin: false })
    await expect(setSysadmin(store, first.number, false)).rejects.toMatchObject(
      refusal('FORBIDDEN'),
    )
  })
})

describe('a password', () => {
  it('is changed by whoever knows the old one, and the old one is no good any more', async () => {
    const { store, pass } = openStore()
    const { number } = await create(store, 'alice')
    await pass(HOUR)
    const changed = await changePassword(store, number, {
      oldPassword: PASSWORD,
      newPassword: OTHER,
    })
    expect(changed.passwordChangedAt).toBe(store.clock.now())
    expect(await login(store, 'alice', PASSWORD)).toBeUndefined()
    expect(await login(store, 'alice', OTHER)).toBeDefined()
  })

  it.each([
    ['without the old one', 'wrong', OTHER, 'FORBIDDEN'],
    ['to a weak one', PASSWORD, 'weak', 'BAD_REQUEST'],
    ['to itself', PASSWORD, PASSWORD, 'BAD_REQUEST'],
  ])('is not changed %s', async (_, oldPassword, newPassword, code) => {
    const { store } = openStore()
    const { number } = await create(store, 'alice')
    const change = changePassword(store, number, { oldPassword, newPassword })
    await expect(change).rejects.toMatchObject(refusal(code))
    expect(await login(store, 'alice', PASSWORD)).toBeDefined()
  })

  it('is reset without the old one, but not to itself', async () => {
    const { store } = openStore()
    const { number } = await create(store, 'alice')
    await expect(resetPassword(store, number, PASSWORD)).rejects.toMatchObject(
      refusal('BAD_REQUEST'),
    )
    await resetPassword(store, number, OTHER)
    expect(await login(store, 'alice', OTHER)).toBeDefined()
  })
})

describe('a deleted user', () => {
  it('leaves nothing but its number, which nobody gets again', async () => {
    const { store } = openStore()
    await create(store, 'admin')
    const { number } = await create(store, 'alice', { email: 'a@example.org' })
    const { text } = await createToken(store, number, { name: 'ci', scope: 'all' })
    await deleteUser(store, number)
    expect(await under(store, number)).toEqual([])
    expect(await findUserByName(store, 'alice')).toBeUndefined()
    expect(await authenticateToken(store, text)).toBeUndefined()
    expect((await listUsers(store, { limit: 9 })).entries).toHaveLength(1)
    expect(await readCounter(store, 'users')).toEqual({ last: 2, total: 1 })
    const again = await create(store, 'alice', { email: 'a@example.org' })
    expect(again.number).toBe(3)
  })

  it('takes all its tokens along, however many', async () => {
    const { store } = openStore()
    await create(store, 'admin')
    const { number } = await create(store, 'alice')
    for (let made = 0; made < 130; made += 1) {
      await createToken(store, number, { name: `token ${made}`, scope: 'all' })
    }
    const ids = (await listTokens(store, number)).map(({ id }) => id)
    await deleteUser(store, number)
    const left = await Promise.all(
      ids.map(async (id) => await store.kv.get(key.token(id), 'strong')),
    )
    expect(ids).toHaveLength(130)
    expect(left.filter((item) => item !== undefined)).toEqual([])
    expect(await under(store, number)).toEqual([])
  })

  it('is not found a second time, but what an interruption left is removed', async () => {
    const { store } = openStore()
    await create(store, 'admin')
    const { number } = await create(store, 'alice')
    const { token } = await createToken(store, number, { name: 'ci', scope: 'all' })
    const user = { kind: 'user', number, name: 'alice', isSysadmin: false } as const
    const { pid } = await createProject(store, user, { name: parseProjectName('p') })
    await store.kv.write({ op: 'delete', key: key.user(number) })
    await expect(deleteUser(store, number)).rejects.toMatchObject(refusal('NOT_FOUND'))
    expect(await store.kv.get(key.token(token.id), 'strong')).toBeUndefined()
    expect(await store.kv.get(key.membership(number, pid), 'strong')).toBeUndefined()
    expect(await listMembers(store, pid, { limit: 9 })).toMatchObject({ entries: [], total: 0 })
    expect(await under(store, number)).toEqual([])
  })

  it('is never the first administrator', async () => {
    const { store } = openStore()
    const { number } = await create(store, 'admin')
    await expect(deleteUser(store, number)).rejects.toMatchObject(refusal('FORBIDDEN'))
    expect(await readUser(store, number)).toBeDefined()
  })
})

describe('a login', () => {
  it('is the user, with its rights of the moment', async () => {
    const { store } = openStore()
    await create(store, 'admin')
    const { number } = await create(store, 'Alice')
    await setSysadmin(store, number, true)
    expect(await login(store, 'ALICE', PASSWORD)).toEqual({
      kind: 'user',
      number,
      name: 'Alice',
      isSysadmin: true,
    })
  })

  it.each([
    ['a wrong password', 'alice', OTHER],
    ['no password', 'alice', ''],
    ['an unknown name', 'bob', PASSWORD],
    ['what can be no name', 'robot$\ud800', PASSWORD],
    ['no name', '', PASSWORD],
  ])('with %s is nobody', async (_, name, password) => {
    const { store } = openStore()
    await create(store, 'alice')
    expect(await login(store, name, password)).toBeUndefined()
  })

  it('is refused after many failures even when it is right, and not for long', async () => {
    const { store, pass } = openStore()
    await create(store, 'alice')
    for (let made = 0; made < 5; made += 1) await login(store, 'alice', OTHER)
    expect(await login(store, 'alice', PASSWORD)).toBeUndefined()
    expect(await login(store, 'alice', PASSWORD, '192.0.2.2')).toBeDefined()
    await pass(1_000)
    expect(await login(store, 'alice', PASSWORD)).toBeDefined()
  })

  it('that failed looks up as much for an unknown name as for a known one', async () => {
    const { store } = openStore()
    await create(store, 'alice')
    let reads = 0
    const get: Store['kv']['get'] = async (...args) => {
      reads += 1
      return await store.kv.get(...args)
    }
    const counting = { ...store, kv: { ...store.kv, get } }
    await login(counting, 'alice', OTHER)
    const known = reads
    await login(counting, 'nobody', OTHER)
    expect(reads - known).toBe(known)
  })
})

describe('the first administrator', () => {
  it('is made with a random password that is told once', async () => {
    const { store } = openStore()
    const password = await ensureAdmin(store, undefined)
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]{20}$/)
    expect(await login(store, 'admin', password ?? '')).toMatchObject({
      number: 1,
      isSysadmin: true,
    })
    expect(await ensureAdmin(store, undefined)).toBeUndefined()
    expect(await ensureAdmin(store, OTHER)).toBeUndefined()
    expect(await login(store, 'admin', password ?? '', '192.0.2.2')).toBeDefined()
  })

  it('has the password it was given, which is not told', async () => {
    const { store } = openStore()
    expect(await ensureAdmin(store, PASSWORD)).toBeUndefined()
    expect(await login(store, 'admin', PASSWORD)).toMatchObject({ number: 1 })
  })

  it('is made by one of the processes that start at once, and that one knows the password', async () => {
    const { store } = openStore()
    const starts = Array.from({ length: 4 }, async () => await ensureAdmin(store, undefined))
    const told = (await Promise.all(starts)).filter((password) => password !== undefined)
    expect(told).toHaveLength(1)
    const admin = await readWithPassword(store, parseUserNumber(1))
    expect(await verifyPassword(admin?.passwordHash ?? '', told[0] ?? '')).toBe(true)
    expect(await readCounter(store, 'users')).toEqual({ last: 1, total: 1 })
  })
})

describe('a personal access token', () => {
  const openWithAlice = async () => {
    const opened = openStore()
    const { number } = await create(opened.store, 'alice')
    return { ...opened, number }
  }

  it('speaks for its user within its scope', async () => {
    const { store, number } = await openWithAlice()
    const scope = ['repository:pull', 'repository:push', 'repository:pull']
    const { text, token } = await createToken(store, number, { name: 'ci', scope })
    expect(text).toMatch(/^rst_[a-z2-7]{20}_[A-Za-z0-9_-]{43}$/)
    expect(await authenticateToken(store, text)).toEqual({
      principal: {
        ...{ kind: 'user', number, name: 'alice', isSysadmin: false },
        token: { only: new Set(['repository:pull', 'repository:push']), isOfSysadmin: false },
      },
      tokenId: token.id,
      scope: ['repository:pull', 'repository:push'],
    })
    expect(await listTokens(store, number)).toMatchObject([{ id: token.id, name: 'ci' }])
  })

  it('of scope all is that', async () => {
    const { store, number } = await openWithAlice()
    const { text } = await createToken(store, number, { name: 'ci', scope: 'all' })
    expect(await authenticateToken(store, text)).toMatchObject({ scope: 'all' })
  })

  it('is nowhere in the table', async () => {
    const { store, number } = await openWithAlice()
    const { text, token } = await createToken(store, number, { name: 'ci', scope: 'all' })
    const stored = await store.kv.get(key.token(token.id), 'strong')
    expect(stored).toBeDefined()
    expect(JSON.stringify(stored)).not.toContain(text.slice(-43))
    expect(JSON.stringify(await listTokens(store, number))).not.toContain('secret')
  })

  it('is no good with another secret, or in another form', async () => {
    const { store, number } = await openWithAlice()
    const { text, token } = await createToken(store, number, { name: 'ci', scope: 'all' })
    const forged = [`rst_${token.id}_${'A'.repeat(43)}`, `${text}\n`, text.slice(1), `${text}A`, '']
    for (const one of forged) expect(await authenticateToken(store, one)).toBeUndefined()
  })

  it('is no good from the moment it expires', async () => {
    const { store, number, pass } = await openWithAlice()
    const expiresAt = store.clock.now() + 1_000
    const { text } = await createToken(store, number, { name: 'ci', scope: 'all', expiresAt })
    await pass(999)
    expect(await authenticateToken(store, text)).toBeDefined()
    await pass(1)
    expect(await authenticateToken(store, text)).toBeUndefined()
  })

  it('is no good when it is revoked, by its user and by no other', async () => {
    const { store, number } = await openWithAlice()
    const bob = await create(store, 'bob')
    const { text, token } = await createToken(store, number, { name: 'ci', scope: 'all' })
    for (const id of [token.id, 'no id', '']) {
      const foreign = revokeToken(store, bob.number, id)
      await expect(foreign).rejects.toMatchObject(refusal('NOT_FOUND'))
    }
    expect(await authenticateToken(store, text)).toBeDefined()
    await revokeToken(store, number, token.id)
    expect(await authenticateToken(store, text)).toBeUndefined()
    expect(await listTokens(store, number)).toEqual([])
  })

  it('is no good when its user is gone, even if it is still there', async () => {
    const { store, number } = await openWithAlice()
    const { text } = await createToken(store, number, { name: 'ci', scope: 'all' })
    await store.kv.write({ op: 'delete', key: key.user(number) })
    expect(await authenticateToken(store, text)).toBeUndefined()
    const another = createToken(store, number, { name: 'ci', scope: 'all' })
    await expect(another).rejects.toMatchObject(refusal('NOT_FOUND'))
    expect(await under(store, number)).toHaveLength(1)
  })

  it('tells its last use, to the hour', async () => {
    const { store, number, pass } = await openWithAlice()
    const { text } = await createToken(store, number, { name: 'ci', scope: 'all' })
    const lastUse = async () => (await listTokens(store, number))[0]?.lastUsedAt
    const first = store.clock.now()
    expect(await lastUse()).toBeUndefined()
    await authenticateToken(store, text)
    await pass(HOUR - 1)
    await authenticateToken(store, text)
    expect(await lastUse()).toBe(first)
    await pass(1)
    await authenticateToken(store, text)
    expect(await lastUse()).toBe(first + HOUR)
  })

  it.each([
    ['no name', { name: ' ', scope: 'all' as const }],
    ['an empty scope', { name: 'ci', scope: [] }],
    ['an unknown permission', { name: 'ci', scope: ['repository:pull', 'repository:own'] }],
    ['an end in the past', { name: 'ci', scope: 'all' as const, expiresAt: 1 }],
    ['an end that is no time', { name: 'ci', scope: 'all' as const, expiresAt: Number.NaN }],
  ])('with %s is refused', async (_, wanted) => {
    const { store, number } = await openWithAlice()
    await expect(createToken(store, number, wanted)).rejects.toMatchObject(refusal('BAD_REQUEST'))
    const listed = { pk: key.user(number).pk, sk: { prefix: prefix.tokensOfUser } }
    expect((await store.kv.query({ ...listed, read: 'strong' })).items).toEqual([])
  })
})
