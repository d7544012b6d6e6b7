import { describe, expect, it } from 'vitest'
import { storeOf } from '../../../functions/lambda/environment.ts'
import { createFirstStart } from '../../../functions/lambda/first-start.ts'
import { DomainError } from '../../../shared/errors.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { createLogIn } from '../../../shared/identity/log-in.ts'
import { parseProjectName } from '../../../shared/projects/name.ts'
import { resolveProject } from '../../../shared/projects/find.ts'
import { adminHash, REAL_COST } from '../../support/admin-hash.ts'
import { createCounter } from '../../support/counter.ts'
import { createTestStore } from '../../support/domain.ts'

const PASSWORD = 'Made0by0AWS'
const login = { name: 'admin', password: PASSWORD, address: '192.0.2.1' }

describe('the first start of a registry on Lambda', () => {
  it('makes the administrator and the project library once, however many functions start', async () => {
    const store = createTestStore()
    let reads = 0
    const read = (): Promise<string> => {
      reads += 1
      return Promise.resolve(PASSWORD)
    }
    const starts = Array.from({ length: 5 }, () => createFirstStart(store, read))
    await Promise.all(
      starts.map(async (start) => {
        await start()
      }),
    )
    const logIn = createLogIn(store, () => undefined)
    expect(await logIn(login)).toMatchObject({ principal: { name: 'admin', isSysadmin: true } })
    expect(await resolveProject(store, { name: parseProjectName('library') })).toBeDefined()
    const before = reads
    await createFirstStart(store, read)()
    expect(reads).toBe(before)
  })

  it('makes the administrator with a password that costs what passwords cost', async () => {
    const { kv } = openMemory()
    const env = { AWS_REGION: 'eu-central-1', TABLE_NAME: 't', BUCKET_NAME: 'b' }
    await createFirstStart(storeOf(env, kv), () => Promise.resolve(PASSWORD))()
    expect(await adminHash(kv)).toMatch(REAL_COST)
  })

  it('costs one round trip in the life of a process, and none from then on', async () => {
    const base = createTestStore()
    await createFirstStart(base, () => Promise.resolve(PASSWORD))()
    const counter = createCounter()
    const store = { ...base, ...counter.wrap({ kv: base.kv, objects: openMemory().objects }) }
    const start = createFirstStart(store, () => Promise.reject(new Error('not asked for')))
    await start()
    expect(counter.depth()).toBe(1)
    await start()
    expect(counter.depth()).toBe(1)
  })

  it('asks no instance for the password again when its secret is another, warm or new', async () => {
    const store = createTestStore()
    let secret = PASSWORD
    let reads = 0
    const read = (): Promise<string> => {
      reads += 1
      return Promise.resolve(secret)
    }
    const warm = createFirstStart(store, read)
    await warm()
    secret = 'Other0by0AWS'
    const fresh = createFirstStart(store, read)
    await Promise.all([warm(), fresh()])
    const logIn = createLogIn(store, () => undefined)
    expect(await logIn(login)).toMatchObject({ principal: { name: 'admin' } })
    const other = await logIn({ ...login, password: secret })
    expect(other).not.toMatchObject({ principal: { name: 'admin' } })
    expect(reads).toBe(1)
  })

  it('calls a password that nobody may have a failure of ours, and says what to do about it', async () => {
    const store = createTestStore()
    let secret = 'without-a-Digit-or-such'
    const start = createFirstStart(store, () => Promise.resolve(secret))
    const failure: unknown = await start().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    // What a client did wrong it would be told, and by 400.
    expect(failure).not.toBeInstanceOf(DomainError)
    expect(String(failure)).toContain('put another one into the secret')
    expect(String(failure)).toContain('a digit')
    expect(String(failure)).not.toContain(secret)
    secret = PASSWORD
    await start()
    expect(await createLogIn(store, () => undefined)(login)).toBeDefined()
  })

  it('is tried again with the next login when it failed', async () => {
    const store = createTestStore()
    let isThere = false
    const start = createFirstStart(store, () =>
      isThere ? Promise.resolve(PASSWORD) : Promise.reject(new Error('no secret')),
    )
    await expect(start()).rejects.toThrow('no secret')
    isThere = true
    await start()
    expect(await createLogIn(store, () => undefined)(login)).toBeDefined()
  })
})
