import { randomUUID } from 'node:crypto'
import type { Item, Key, Kv, TransactOutcome } from '../../../shared/ports.ts'
import type { Guarantee } from '../guarantee.ts'

/** What the topics of the contract test: an open adapter, and how to declare a test. */
export type KvSubject = { readonly kv: Kv; readonly guarantee: Guarantee }

/** A partition that no other test uses. */
export const freshPartition = (): string => `partition#${randomUUID()}`

/** A key that no other test uses. */
export const freshKey = (sk = '#'): Key => ({ pk: freshPartition(), sk })

export const token = (): string => randomUUID()

/** Writes items of one partition under these sort keys. */
export const fill = async (
  kv: Kv,
  pk: string,
  sortKeys: readonly string[],
  attributes: Omit<Item, 'pk' | 'sk'> = {},
): Promise<void> => {
  for (const sk of sortKeys) await kv.write({ op: 'put', item: { ...attributes, pk, sk } })
}

/** The reasons of a refused transaction; fails the test when it was carried out. */
export const reasonsOf = (
  outcome: TransactOutcome,
): readonly (undefined | 'condition' | 'conflict')[] => {
  if (outcome.done) throw new Error('the transaction was carried out')
  return outcome.reasons
}
