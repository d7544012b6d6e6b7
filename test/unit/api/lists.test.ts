import { describe, expect, it } from 'vitest'
import { openMemory } from '../../../shared/memory/open.ts'
import { robotAttributes, parseRobotNumber } from '../../../shared/robots/robot.ts'
import type { Kv } from '../../../shared/ports.ts'
import { key, SCHEMA_VERSION } from '../../../shared/table.ts'
import { parseUserNumber } from '../../../shared/users/items.ts'
import { createTestApi } from './support.ts'

const counting = (kv: Kv) => {
  const calls: string[] = []
  const noted =
    <Args extends readonly unknown[], T>(name: string, call: (...args: Args) => T) =>
    (...args: Args): T => {
      calls.push(name)
      return call(...args)
    }
  return {
    calls,
    kv: {
      ...kv,
      get: noted('get', kv.get),
      query: noted('query', kv.query),
      batchGet: noted('batchGet', kv.batchGet),
    },
  }
}

const fill = async ({ kv }: { readonly kv: Kv }, entries: number): Promise<void> => {
  const permissions = [
    {
      kind: 'system',
      namespace: '/',
      access: [{ resource: 'catalog', action: 'read', effect: 'allow' }],
    },
  ] as const
  const put = async (item: Parameters<Kv['write']>[0] & { readonly op: 'put' }) => {
    await kv.write(item)
  }
  for (let number = 1; number <= entries; number += 1) {
    const [name, v] = [`user${String(number).padStart(6, '0')}`, SCHEMA_VERSION]
    const user = { number: parseUserNumber(number), name, version: 'a', isSysadmin: false }
    const times = { createdAt: 0, updatedAt: 0, passwordChangedAt: 0 }
    const texts = { realname: '', comment: '', passwordHash: '' }
    await put({ op: 'put', item: { ...key.user(number), v, ...user, ...times, ...texts } })
    await put({ op: 'put', item: { ...key.userListed(name), v, number, name } })
    const robot = robotAttributes({
      ...{ number: parseRobotNumber(number), name: `robot$${name}`, shortName: name },
      ...{ level: 'system', pid: undefined, description: '', durationDays: -1, expiresAt: -1 },
      ...{ isDisabled: false, permissions, creator: { type: 'local', number: 1 } },
      ...{ createdAt: 0, updatedAt: 0, version: 1, lastUsedAt: undefined },
    })
    await put({ op: 'put', item: { ...key.robotListed(undefined, number), v, ...robot } })
  }
  for (const of of ['users', 'robots'] as const) {
    const counter = { ...key.counter(of), v: SCHEMA_VERSION, last: entries, total: entries }
    await put({ op: 'put', item: counter })
  }
}

const open = async (entries: number) => {
  const { kv } = openMemory()
  await fill({ kv }, entries)
  const counted = counting(kv)
  const { get } = createTestApi(undefined, { kv: counted.kv })
  return async (path: string) => {
    counted.calls.length = 0
    const response = await get(path, 'admin')
    const found: unknown = await response.json()
    return {
      calls: counted.calls.toSorted().join(),
      total: response.headers.get('X-Total-Count'),
      shown: (found as readonly unknown[]).length,
    }
  }
}

describe('a list', () => {
  it.each([
    ['/users', 'batchGet,get,query'],
    ['/users?sort=-username', 'batchGet,get,query'],
    ['/users?page=2&page_size=5', 'batchGet,get,query'],
    ['/robots', 'get,query'],
  ])('%s asks the store as much for ten entries as for a thousand', async (path, calls) => {
    const [small, large] = [await open(11), await open(1_000)]
    expect(await small(path)).toMatchObject({ calls, total: '11' })
    expect(await large(path)).toMatchObject({ calls, total: '1000' })
  })

  it('of users searched by name is walked by names alone', async () => {
    const ask = await open(1_000)
    const found = { total: '10', shown: 10 }
    expect(await ask('/users/search?username=user00001')).toEqual({ ...found, calls: 'query' })
    const byName = { ...found, calls: 'batchGet,query' }
    expect(await ask('/users?q=username=~user00001')).toEqual(byName)
  })
})
