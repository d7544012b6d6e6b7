import { describe, expect, it } from 'vitest'
import {
  beginAttempt,
  isHeldBack,
  recordFailure,
  recordSuccess,
  type LoginAttempt,
} from '../../shared/auth/lockout.ts'
import { openMemory } from '../../shared/memory/open.ts'
import type { Item, Kv } from '../../shared/ports.ts'
import type { Store } from '../../shared/store/store.ts'
import { createRandomIds } from '../../shared/system/ids.ts'

const MINUTE = 60_000
const START = 1_800_000_000_000 - (1_800_000_000_000 % (15 * MINUTE))
const ALICE: LoginAttempt = { login: 'alice', address: '192.0.2.1' }

/** A store whose time only passes when somebody sleeps, and that counts its calls. */
const openStore = () => {
  const { kv } = openMemory()
  const calls: string[] = []
  const written: Item[] = []
  const watched: Kv = {
    ...kv,
    get: async (...args) => {
      calls.push('read')
      return await kv.get(...args)
    },
    batchGet: async (...args) => {
      calls.push('read')
      return await kv.batchGet(...args)
    },
    write: async (operation) => {
      calls.push(operation.op)
      const outcome = await kv.write(operation)
      if (operation.op === 'update') {
        const item = await kv.get(operation.key, 'strong')
        if (item !== undefined) written.push(item)
      }
      return outcome
    },
  }
  let now = START
  const clock = {
    now: () => now,
    sleep: (milliseconds: number) => {
      now += milliseconds
      return Promise.resolve()
    },
  }
  const store: Store = { kv: watched, clock, ids: createRandomIds() }
  return { store, calls, written, pass: clock.sleep }
}

const failTimes = async (store: Store, attempt: LoginAttempt, times: number): Promise<void> => {
  for (let made = 0; made < times; made += 1) await recordFailure(store, attempt)
}

const failFromEverywhere = async (store: Store, times: number): Promise<void> => {
  for (let made = 0; made < times; made += 1) {
    await recordFailure(store, { login: 'alice', address: `198.51.100.${made}` })
  }
}

describe('a name and an address', () => {
  it('may fail four times and is not held back', async () => {
    const { store } = openStore()
    await failTimes(store, ALICE, 4)
    expect(await isHeldBack(store, ALICE)).toBeUndefined()
  })

  it('wait twice as long after each further failure, up to a minute', async () => {
    const { store } = openStore()
    const waits: (number | undefined)[] = []
    await failTimes(store, ALICE, 4)
    for (let made = 0; made < 8; made += 1) {
      await recordFailure(store, ALICE)
      waits.push((await isHeldBack(store, ALICE))?.waitMs)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('are refused until the wait is over, and no longer', async () => {
    const { store, pass } = openStore()
    await failTimes(store, ALICE, 7)
    await pass(3_999)
    expect(await isHeldBack(store, ALICE)).toEqual({ waitMs: 1, isRefused: true })
    expect(await beginAttempt(store, ALICE)).toBeUndefined()
    await pass(1)
    expect(await beginAttempt(store, ALICE)).toBeDefined()
  })

  it('are forgiven by a success', async () => {
    const { store } = openStore()
    await failTimes(store, ALICE, 10)
    await recordSuccess(store, ALICE)
    expect(await isHeldBack(store, ALICE)).toBeUndefined()
  })

  it('are forgotten with the window of time', async () => {
    const { store, pass } = openStore()
    await failTimes(store, ALICE, 100)
    await pass(15 * MINUTE)
    expect(await isHeldBack(store, ALICE)).toBeUndefined()
  })

  it('do not hold back the same name elsewhere, or another name', async () => {
    const { store } = openStore()
    await failTimes(store, ALICE, 10)
    expect(await isHeldBack(store, { ...ALICE, address: '192.0.2.2' })).toBeUndefined()
    expect(await isHeldBack(store, { ...ALICE, login: 'bob' })).toBeUndefined()
  })

  it.each([
    ['another spelling of the name', { login: 'ALICE', address: '192.0.2.1' }],
    ['an IPv4 address written as IPv6', { login: 'alice', address: '::ffff:192.0.2.1' }],
  ])('are the same in %s', async (_, same) => {
    const { store } = openStore()
    await failTimes(store, ALICE, 10)
    expect(await isHeldBack(store, same)).toMatchObject({ isRefused: true })
  })

  it('are the same from all addresses of an IPv6 network, and from no other network', async () => {
    const { store } = openStore()
    await failTimes(store, { login: 'alice', address: '2001:db8::1' }, 10)
    const from = async (address: string) => await isHeldBack(store, { login: 'alice', address })
    expect(await from('2001:0DB8:0:0:ffff:1:2:3')).toMatchObject({ isRefused: true })
    expect(await from('2001:db8:0:1::1')).toBeUndefined()
  })

  it('get one try of many at the same moment after too many failures', async () => {
    const { store, pass } = openStore()
    await failTimes(store, ALICE, 6)
    await pass(MINUTE)
    const tries = Array.from({ length: 20 }, async () => await beginAttempt(store, ALICE))
    const open = (await Promise.all(tries)).filter((attempt) => attempt !== undefined)
    expect(open).toHaveLength(1)
  })

  it('count one failure for one wrong try', async () => {
    const { store, pass } = openStore()
    const waits: (number | undefined)[] = []
    for (let made = 0; made < 7; made += 1) {
      const attempt = await beginAttempt(store, ALICE)
      await attempt?.failed()
      waits.push((await isHeldBack(store, ALICE))?.waitMs)
      await pass(waits.at(-1) ?? 0)
    }
    expect(waits.slice(3)).toEqual([undefined, 1_000, 2_000, 4_000])
  })
})

describe('a name that fails from many addresses', () => {
  it('is answered at most two seconds later, and never refused', async () => {
    const { store } = openStore()
    await failFromEverywhere(store, 200)
    expect(await isHeldBack(store, ALICE)).toEqual({ waitMs: 2_000, isRefused: false })
    const before = store.clock.now()
    expect(await beginAttempt(store, ALICE)).toBeDefined()
    expect(store.clock.now() - before).toBe(2_000)
  })

  it('is not slowed down by a few', async () => {
    const { store } = openStore()
    await failFromEverywhere(store, 19)
    expect(await isHeldBack(store, ALICE)).toBeUndefined()
  })

  it('is not written about any more once it is as slow as it gets', async () => {
    const { store, calls } = openStore()
    await failFromEverywhere(store, 30)
    const attempt = await beginAttempt(store, ALICE)
    calls.length = 0
    await attempt?.failed()
    expect(calls).toEqual(['update'])
  })
})

describe('a name that is attacked for hours, from many addresses at a time', () => {
  it('is still let in from elsewhere, at most two seconds later, and the table is not kept busy', async () => {
    const { store, calls, pass } = openStore()
    const HOURS = 3
    let [guesses, longestMs] = [0, 0]
    for (let seconds = 0; seconds < HOURS * 3_600; seconds += 30) {
      for (const last of [1, 2, 3, 4]) {
        const attempt = await beginAttempt(store, { login: 'alice', address: `203.0.113.${last}` })
        if (attempt === undefined) continue
        guesses += 1
        await attempt.failed()
      }
      if (seconds % 300 === 0) {
        const before = store.clock.now()
        const own = await beginAttempt(store, ALICE)
        expect(own).toBeDefined()
        longestMs = Math.max(longestMs, store.clock.now() - before)
        await own?.succeeded()
      }
      await pass(30_000)
    }
    expect(longestMs).toBe(2_000)
    // From each address a few at once in a quarter of an hour, and then one a minute.
    const windows = Math.ceil((store.clock.now() - START) / (15 * MINUTE))
    expect(guesses).toBeLessThan(windows * 4 * 25)
    expect(calls.filter((call) => call === 'update').length).toBeLessThan(guesses * 2)
  })
})

describe('processes', () => {
  it('count together, and keep nothing of it to themselves', async () => {
    const { store, pass } = openStore()
    const [one, other] = [{ ...store }, { ...store }]
    for (let tried = 0; tried < 5; tried += 1) {
      const attempt = await beginAttempt(tried % 2 === 0 ? one : other, ALICE)
      await attempt?.failed()
    }
    expect(await beginAttempt(one, ALICE)).toBeUndefined()
    expect(await beginAttempt(other, ALICE)).toBeUndefined()
    await pass(1_000)
    const [first, second] = await Promise.all([
      beginAttempt(one, ALICE),
      beginAttempt(other, ALICE),
    ])
    expect([first, second].filter((attempt) => attempt !== undefined)).toHaveLength(1)
  })
})

describe('what it costs', () => {
  it('is one read when nobody failed', async () => {
    const { store, calls } = openStore()
    const attempt = await beginAttempt(store, ALICE)
    await attempt?.succeeded()
    expect(calls).toEqual(['read'])
  })

  it('leaves nothing for ever, and no name or address', async () => {
    const { store, written } = openStore()
    await recordFailure(store, { login: 'al#ice\ud800', address: 'some#where' })
    expect(written).toHaveLength(2)
    for (const item of written) {
      expect(item['ttl']).toBe((START + 30 * MINUTE) / 1_000)
      expect(item.pk).toMatch(/^FAILEDLOGINS#[0-9a-f]{64}$/)
      expect(JSON.stringify(item)).not.toMatch(/al#ice|some#where/)
    }
  })
})
