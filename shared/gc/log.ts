import * as z from 'zod'
import type { Item, PutItem, TransactOperation } from '../ports.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { gcLogPartition, key, SCHEMA_VERSION } from '../table.ts'
import type { Deleted, Gc } from './gc.ts'

/** One thing that was deleted, and when; epoch milliseconds. */
export type LogLine = { readonly at: number; readonly what: Deleted['kind'] } & {
  readonly digest?: string | undefined
  readonly rid?: string | undefined
  readonly oid?: string | undefined
  readonly sizeBytes?: number | undefined
}

const lineItem = z.object({
  at: z.number(),
  what: z.enum(['manifest', 'blob', 'object']),
  digest: z.string().optional(),
  rid: z.string().optional(),
  oid: z.string().optional(),
  sizeBytes: z.number().optional(),
})

/** The write of a line of the log. */
const lineOf = (store: Store, logId: string, { kind, ...details }: Deleted): PutItem => {
  const at = store.clock.now()
  const known = Object.entries(details).filter(([, value]) => value !== undefined)
  return {
    op: 'put',
    item: {
      ...key.gcLine(logId, at, store.ids.next()),
      v: SCHEMA_VERSION,
      at,
      what: kind,
      ...Object.fromEntries(known),
    },
  }
}

/**
 * Deletes something, with its line in the log: both or neither, so each thing has one line and no line is lost. Answers
 * whether it did; else a condition did not hold.
 */
export const deleteLogged = async (
  { context: { store }, deleted, logId }: Pick<Gc, 'context' | 'deleted' | 'logId'>,
  what: Deleted,
  operations: readonly TransactOperation[],
): Promise<boolean> => {
  const outcome = await transact(store, [...operations, lineOf(store, await logId(), what)])
  if (outcome.done) deleted(what)
  return outcome.done
}

/** For who deletes by a transaction of its own. */
export const logLine = async (
  { context: { store }, logId }: Pick<Gc, 'context' | 'logId'>,
  what: Deleted,
): Promise<PutItem> => lineOf(store, await logId(), what)

/** The lines of a log, the oldest first. */
export const readLog = async function* (store: Store, logId: string): AsyncGenerator<LogLine> {
  const query = { pk: gcLogPartition(logId), read: 'strong' } as const
  for await (const items of pages(store, query)) yield* items.map(parseLine)
}

const parseLine = (item: Item): LogLine => lineItem.parse(item)
