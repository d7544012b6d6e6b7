import * as z from 'zod'
import type { Item } from '../ports.ts'
import { mergeWalks } from '../store/merge.ts'
import { pages, queryAll } from '../store/query.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import {
  AUDIT_SHARDS,
  auditCounts,
  auditPartition,
  parseAuditCount,
  type AuditScope,
} from '../table.ts'
import { parseEntry, type AuditEntry } from './entry.ts'

const ENTRIES_PER_PAGE = 100
/** A filter looks at so many entries at most: work has an end, and older entries are in the export. */
const MAX_LOOKED_AT = 50_000

const countItem = z.object({ total: z.number() })

/** One log, or several as if they were one, the newest entry first. */
export const listAudit = async (
  store: Store,
  scopes: readonly AuditScope[],
  paging: Paging,
): Promise<Listing<AuditEntry>> => {
  const logs = await Promise.all(
    scopes.map(async (scope) => ({ scope, months: await readMonths(store, scope) })),
  )
  const total = logs.flatMap(({ months }) => months).reduce((sum, month) => sum + month.total, 0)
  const pageSize = Math.min(ENTRIES_PER_PAGE, paging.limit + (paging.skip ?? 0) + 1)
  const walks = logs.map(({ months, scope }) => walk(store, scope, months, pageSize))
  return { ...(await takePage(mergeWalks(walks, isNewer), paging)), total }
}

/** As `listAudit`, of the entries that fit; `total` counts them as far as a filter looks back. */
export const filterAudit = async (
  store: Store,
  scopes: readonly AuditScope[],
  paging: Paging,
  fits: (entry: AuditEntry) => boolean,
): Promise<Listing<AuditEntry>> => {
  const found: AuditEntry[] = []
  let lookedAt = 0
  for await (const entry of walkAudit(store, scopes)) {
    if (fits(entry)) found.push(entry)
    lookedAt += 1
    if (lookedAt === MAX_LOOKED_AT) break
  }
  return { ...(await takePage(found, paging)), total: found.length }
}

/** Every entry, the newest first. */
export const walkAudit = async function* (
  store: Store,
  scopes: readonly AuditScope[],
): AsyncGenerator<AuditEntry> {
  const months = await Promise.all(scopes.map(async (scope) => await readMonths(store, scope)))
  const walks = scopes.map((scope, index) =>
    walk(store, scope, months[index] ?? [], ENTRIES_PER_PAGE),
  )
  yield* mergeWalks(walks, isNewer)
}

export type AuditMonth = { readonly month: string; readonly total: number }

/** The months that have entries, the newest first, and how many. */
export const readMonths = async (
  store: Store,
  scope: AuditScope,
): Promise<readonly AuditMonth[]> => {
  const totals = new Map<string, number>()
  for (const item of await queryAll(store, { pk: auditCounts(scope), read: 'strong' })) {
    const month = parseAuditCount(item.sk)
    totals.set(month, (totals.get(month) ?? 0) + countItem.parse(item).total)
  }
  return [...totals]
    .map(([month, total]) => ({ month, total }))
    .filter(({ total }) => total > 0)
    .sort((left, right) => right.month.localeCompare(left.month))
}

const walk = async function* (
  store: Store,
  scope: AuditScope,
  months: readonly AuditMonth[],
  pageSize: number,
): AsyncGenerator<AuditEntry> {
  for (const { month } of months) yield* walkMonth(store, scope, month, pageSize)
}

const walkMonth = async function* (
  store: Store,
  scope: AuditScope,
  month: string,
  pageSize: number,
): AsyncGenerator<AuditEntry> {
  const shards = Array.from({ length: AUDIT_SHARDS }, (_, shard) =>
    itemsOf(store, auditPartition(scope, month, shard), pageSize),
  )
  for await (const item of mergeWalks(shards, (one, other) => one.sk > other.sk))
    yield parseEntry(item)
}

const isNewer = (one: AuditEntry, other: AuditEntry): boolean => one.number > other.number

const itemsOf = async function* (store: Store, pk: string, limit: number): AsyncGenerator<Item> {
  for await (const items of pages(store, { pk, reverse: true, limit, read: 'strong' })) yield* items
}
