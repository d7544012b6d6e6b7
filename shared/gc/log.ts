import * as z from 'zod'
import type { Item, PutItem, TransactOperation } from '../ports.ts'
import { known } from '../store/known.ts'
import { mergeWalks } from '../store/merge.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transactEach } from '../store/each.ts'
import { GC_LOG_SHARDS, gcLogPartition, key, SCHEMA_VERSION } from '../table.ts'
import type { Deleted, Gc } from './gc.ts'

/** One thing that was deleted, and when; epoch milliseconds. */
export type LogLine = { readonly at: number; readonly what: Deleted['kind'] } & {
  readonly digest?: string | undefined
  readonly pid?: string | undefined
  readonly rid?: string | undefined
  readonly oid?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly reason?: string | undefined
  /** A dry run: it would be deleted. */
  readonly isForeseen?: boolean | undefined
}

const lineItem = z.object({
  at: z.number(),
  what: z.enum(['manifest', 'link', 'blob', 'object']),
  digest: z.string().optional(),
  pid: z.string().optional(),
  rid: z.string().optional(),
  oid: z.string().optional(),
  sizeBytes: z.number().optional(),
  reason: z.string().optional(),
  isForeseen: z.boolean().optional(),
})

/** The write of a line of the log. */
export const lineOf = (
  store: Store,
  run: number,
  { kind, ...details }: Deleted,
  more: { readonly isForeseen?: true } = {},
): PutItem => {
  const at = store.clock.now()
  return {
    op: 'put',
    item: {
      ...key.gcLine(run, at, store.ids.next()),
      v: SCHEMA_VERSION,
      at,
      what: kind,
      ...more,
      ...known(details),
    },
  }
}

/** `what`: absent where there is nothing to tell of. */
export type Deletion = {
  readonly what: Deleted | undefined
  readonly operations: readonly TransactOperation[]
}

/**
 * Deletes things, each with its line in the log and in a transaction of its own: both or neither, so each thing has one
 * line and no line is lost. One of which a condition does not hold stays as it is. Answers, in their order, which are done.
 */
export const deleteEachLogged = async (
  { context: { store }, deleted, run }: Pick<Gc, 'context' | 'deleted' | 'run'>,
  deletions: readonly Deletion[],
): Promise<readonly boolean[]> => {
  const number = deletions.some(({ what }) => what !== undefined) ? await run() : 0
  const outcomes = await transactEach(
    store,
    deletions.map(({ operations, what }) =>
      what === undefined ? operations : [...operations, lineOf(store, number, what)],
    ),
  )
  for (const [index, { what }] of deletions.entries()) {
    if (what !== undefined && outcomes[index]?.done === true) deleted(what)
  }
  return outcomes.map(({ done }) => done)
}

/** For who deletes by a transaction of its own. */
export const logLine = async (
  { context: { store }, run }: Pick<Gc, 'context' | 'run'>,
  what: Deleted,
): Promise<PutItem> => lineOf(store, await run(), what)

/** The lines of a run's log, the oldest first. */
export const readLog = async function* (store: Store, run: number): AsyncGenerator<LogLine> {
  const shards = Array.from({ length: GC_LOG_SHARDS }, (_, shard) =>
    itemsOf(store, gcLogPartition(run, shard)),
  )
  for await (const item of mergeWalks(shards, (one, other) => one.sk < other.sk)) {
    yield lineItem.parse(item)
  }
}

const itemsOf = async function* (store: Store, pk: string): AsyncGenerator<Item> {
  for await (const items of pages(store, { pk, read: 'strong' })) yield* items
}
