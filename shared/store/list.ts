import type { Page } from '../oci/page.ts'
import { pages } from './query.ts'
import type { Store } from './store.ts'

export type Listed = {
  /** Sort keys without their prefix, ascending by bytes. */
  readonly entries: readonly string[]
  /** Whether there are more behind them. */
  readonly more: boolean
}

/** One page of the names under a prefix of a partition. */
export const listNames = async (
  store: Store,
  pk: string,
  prefix: string,
  { n, last }: Page,
): Promise<Listed> => {
  if (n === 0) return { entries: [], more: false }
  const entries: string[] = []
  const query = {
    pk,
    limit: n + 1,
    read: 'eventual',
    keysOnly: true,
    ...(prefix === '' ? {} : { sk: { prefix } }),
    ...(last === undefined ? {} : { after: `${prefix}${last}` }),
  } as const
  for await (const items of pages(store, query)) {
    entries.push(...items.map(({ sk }) => sk.slice(prefix.length)))
    if (entries.length > n) break
  }
  return { entries: entries.slice(0, n), more: entries.length > n }
}
