import type { UpdateItem } from '../ports.ts'
import type { ProjectId } from '../table.ts'
import { keyOfPart, type Escrow, type Part } from './items.ts'
import { shareOf } from './spread.ts'

/** Operations of one transaction by the item that they change: `quota0` is the first one. */
export type ChargeWrites = Readonly<Record<`quota${number}`, UpdateItem>>

export const isOfQuota = (name: string): name is `quota${number}` => name.startsWith('quota')

const inOneTransaction = (writes: readonly (readonly [number, UpdateItem])[]): ChargeWrites =>
  Object.fromEntries(writes.map(([number, write]) => [`quota${number}`, write]))

type Change = Readonly<Partial<Record<'available' | 'returned' | 'used' | 'links', number>>>

const change = (
  pid: ProjectId,
  number: number,
  add: Change,
  atLeast: Change,
): readonly [number, UpdateItem] => [
  number,
  {
    op: 'update',
    key: keyOfPart(pid, number),
    add,
    conditions: [
      { kind: 'exists' },
      ...Object.entries(atLeast).map(([name, value]) => ({
        kind: 'atLeast' as const,
        name,
        value,
      })),
    ],
  },
]

/** Takes it all from one item. */
export const take = (pid: ProjectId, number: number, sizeBytes: number): ChargeWrites =>
  inOneTransaction([
    change(
      pid,
      number,
      { available: -sizeBytes, used: sizeBytes, links: 1 },
      { available: sizeBytes },
    ),
  ])

/**
 * Where to take a size from: a shard with room; else the first item, which gives a shard a new share by the way; else
 * wherever there is something left. `undefined`: all together have too little.
 */
export const planCharge = (
  pid: ProjectId,
  { main, shards }: Escrow,
  sizeBytes: number,
  pick: (count: number) => number,
): ChargeWrites | undefined => {
  const roomy = shards.filter(({ available }) => available >= sizeBytes)
  const one = roomy[pick(roomy.length)]
  if (one !== undefined) return take(pid, one.number, sizeBytes)
  const share = shareOf(main.available - sizeBytes)
  const poor = shards[pick(shards.length)]
  if (share < sizeBytes || poor === undefined) return gather(pid, main, shards, sizeBytes)
  return inOneTransaction([
    change(pid, 0, { available: -sizeBytes - share }, { available: sizeBytes + share }),
    change(pid, poor.number, { available: share, used: sizeBytes, links: 1 }, {}),
  ])
}

/** Brings to the first item what was returned, and as many shares as it needs besides. */
const gather = (
  pid: ProjectId,
  main: Part,
  shards: readonly Part[],
  sizeBytes: number,
): ChargeWrites | undefined => {
  const returned = shards.reduce((sum, shard) => sum + shard.returned, 0)
  let missing = sizeBytes - main.available - returned
  const taken = shards
    .toSorted((one, other) => other.available - one.available)
    .map(({ available, number, returned: back }) => {
      const share = Math.min(available, Math.max(0, missing))
      missing -= share
      return { number, share, back }
    })
    .filter(({ back, share }) => share > 0 || back > 0)
  if (missing > 0) return undefined
  const pulled = taken.reduce((sum, { back, share }) => sum + share + back, 0)
  return inOneTransaction([
    change(
      pid,
      0,
      { available: pulled - sizeBytes, used: sizeBytes, links: 1 },
      { available: sizeBytes - pulled },
    ),
    ...taken.map(({ back, number, share }) =>
      change(
        pid,
        number,
        { available: -share, returned: -back },
        { available: share, returned: back },
      ),
    ),
  ])
}
