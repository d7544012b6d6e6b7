import * as z from 'zod'
import type { Item, Key } from '../ports.ts'

/**
 * A guard stands for a thing that other items hold: a blob, a project's link to a blob, a manifest. It is `LIVE`, or
 * `CONDEMNED` by a collector that is about to look for holders. Its version changes with every transition and is never
 * used again, so a compare-and-set on it can only succeed for whoever saw its present state.
 *
 * ```
 *            condemn (collector)
 *   LIVE(v) ---------------------> CONDEMNED(v') ---- no holder seen, in one transaction ----> gone
 *      ^                                |
 *      +--- rescue (push), or a holder was seen (collector) ---+
 * ```
 */
export type Guard = {
  readonly key: Key
  readonly state: 'LIVE' | 'CONDEMNED'
  readonly version: string
  /** The latest review: only it may say that the guard is held. Absent before the first. */
  readonly review: string | undefined
  readonly item: Item
}

const attributes = z.object({
  state: z.enum(['LIVE', 'CONDEMNED']),
  version: z.string(),
  review: z.string().optional(),
})

/** The attributes a guard is born with. */
export const newGuard = (version: string): { state: 'LIVE'; version: string } => ({
  state: 'LIVE',
  version,
})

const parseAttributes = (item: Item) => {
  const { review, state, version } = attributes.parse(item)
  return { state, version, review }
}

/** @throws ZodError when the item is not a guard: the table is damaged, or newer than this code */
export const parseGuard = (item: Item): Guard => ({
  key: { pk: item.pk, sk: item.sk },
  ...parseAttributes(item),
  item,
})
