import { expect } from 'vitest'
import type { Condition, Item } from '../../../shared/ports.ts'
import { freshKey, type KvSubject } from './subject.ts'

const stored = {
  text: 'abc',
  empty: '',
  count: 5,
  zero: 0,
  flag: false,
  bytes: Uint8Array.of(1, 2),
} as const

type Case = readonly [condition: Condition, onItem: boolean, onAbsence: boolean]

const equals = (name: string, value: Item[string]): Condition => ({ kind: 'equals', name, value })
const atLeast = (name: string, value: number): Condition => ({ kind: 'atLeast', name, value })
const attributeAbsent = (name: string): Condition => ({ kind: 'attributeAbsent', name })

const cases: readonly Case[] = [
  [{ kind: 'exists' }, true, false],
  [{ kind: 'absent' }, false, true],
  [attributeAbsent('text'), false, true],
  [attributeAbsent('empty'), false, true],
  [attributeAbsent('other'), true, true],
  [equals('text', 'abc'), true, false],
  [equals('text', 'abd'), false, false],
  [equals('empty', ''), true, false],
  [equals('other', ''), false, false],
  [equals('count', 5), true, false],
  [equals('count', '5'), false, false],
  [equals('zero', 0), true, false],
  [equals('zero', false), false, false],
  [equals('flag', false), true, false],
  [equals('flag', true), false, false],
  [equals('bytes', Uint8Array.of(1, 2)), true, false],
  [equals('bytes', Uint8Array.of(1, 3)), false, false],
  [equals('sk', '#'), true, false],
  [atLeast('count', 5), true, false],
  [atLeast('count', 4), true, false],
  [atLeast('count', 6), false, false],
  [atLeast('zero', 0), true, false],
  [atLeast('other', 0), false, false],
  [atLeast('other', -1), false, false],
  [atLeast('text', 0), false, false],
]

const named = (condition: Condition): string =>
  Object.values(condition).map(String).join(' ').replaceAll(/\s+/g, ' ')

export const conditions = (subject: KvSubject): void => {
  const { guarantee } = subject

  for (const [condition, onItem, onAbsence] of cases) {
    guarantee(`"${named(condition)}" (${typeOf(condition)}) holds or refuses`, async () => {
      const { kv } = subject
      const outcome = async (key: Item): Promise<string> =>
        await kv.write({ op: 'update', key, set: { seen: 1 }, conditions: [condition] })
      const present = { ...freshKey(), ...stored }
      await kv.write({ op: 'put', item: present })
      const { pk, sk } = present
      expect(await outcome({ pk, sk })).toBe(onItem ? 'done' : 'refused')
      expect((await kv.get(present, 'strong'))?.['seen']).toBe(onItem ? 1 : undefined)
      const absent = freshKey()
      expect(await outcome(absent)).toBe(onAbsence ? 'done' : 'refused')
      expect(await kv.get(absent, 'strong')).toEqual(onAbsence ? { ...absent, seen: 1 } : undefined)
    })
  }

  guarantee('put, update and delete are refused alike, and change nothing', async () => {
    const { kv } = subject
    const item = { ...freshKey(), count: 1 }
    const key = { pk: item.pk, sk: item.sk }
    await kv.write({ op: 'put', item })
    const refusing = [equals('count', 2)]
    expect(await kv.write({ op: 'put', item: { ...key, count: 9 }, conditions: refusing })).toBe(
      'refused',
    )
    expect(await kv.write({ op: 'update', key, set: { count: 9 }, conditions: refusing })).toBe(
      'refused',
    )
    expect(await kv.write({ op: 'delete', key, conditions: refusing })).toBe('refused')
    expect(await kv.get(key, 'strong')).toEqual(item)
  })

  guarantee('all conditions of a write must hold, not one of them', async () => {
    const { kv } = subject
    const item = { ...freshKey(), count: 1, state: 'live' }
    await kv.write({ op: 'put', item })
    const write = async (...all: Condition[]): Promise<string> =>
      await kv.write({ op: 'put', item, conditions: all })
    expect(await write(equals('state', 'live'), atLeast('count', 2))).toBe('refused')
    expect(await write(atLeast('count', 2), equals('state', 'live'))).toBe('refused')
    expect(await write(atLeast('count', 1), equals('state', 'live'), { kind: 'exists' })).toBe(
      'done',
    )
  })
}

const typeOf = (condition: Condition): string =>
  'value' in condition ? typeof condition.value : 'no value'
