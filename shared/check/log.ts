import * as z from 'zod'
import type { Item, PutItem } from '../ports.ts'
import { known } from '../store/known.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { findingsOf, key, SCHEMA_VERSION } from '../table.ts'
import { isFindingKind, type Finding, type FindingKind } from './finding.ts'

/** A finding as a run's log has it; ids and digests as they are in the table. */
export type FindingLine = {
  /** Epoch milliseconds. */
  readonly at: number
  readonly kind: FindingKind
  readonly isMended: boolean
  readonly pid?: string | undefined
  readonly rid?: string | undefined
  readonly manifest?: string | undefined
  readonly tag?: string | undefined
  readonly blob?: string | undefined
  readonly oid?: string | undefined
}

const text = z.string().optional()
const lineItem = z.object({
  at: z.number(),
  kind: z.custom<FindingKind>((kind) => typeof kind === 'string' && isFindingKind(kind)),
  isMended: z.boolean(),
  ...{ pid: text, rid: text, manifest: text, tag: text, blob: text, oid: text },
})

/** The write of a line. */
export const findingLine = (
  store: Store,
  run: number,
  { kind, ...about }: Finding,
  isMended: boolean,
): PutItem => {
  const at = store.clock.now()
  const item: Item = {
    ...key.finding(run, at, store.ids.next()),
    ...{ v: SCHEMA_VERSION, at, kind, isMended },
    ...known(about),
  }
  return { op: 'put', item }
}

/** What a run found, the oldest first; what only a newer version knows is left out. */
export const readFindings = async function* (
  store: Store,
  run: number,
): AsyncGenerator<FindingLine> {
  for await (const items of pages(store, { pk: findingsOf(run), read: 'strong' })) {
    for (const item of items) {
      const line = lineItem.safeParse(item)
      if (line.success) yield line.data
    }
  }
}
