/** Which part of a list is asked for. */
export type Paging = {
  /** Entries at most; 0 asks for none, but for the total. */
  readonly limit: number
  /** So many entries are passed over first, as numbered pages have it. */
  readonly skip?: number
}

export type Listing<T> = {
  readonly entries: readonly T[]
  /** Whether there are more behind them. */
  readonly more: boolean
  /** Of the whole list. */
  readonly total: number
}

/** Takes one page out of a list that is walked in order, and no more of it than that takes. */
export const takePage = async <T>(
  walk: AsyncIterable<T> | Iterable<T>,
  { limit, skip = 0 }: Paging,
): Promise<Omit<Listing<T>, 'total'>> => {
  const entries: T[] = []
  if (limit === 0) return { entries, more: false }
  let passed = 0
  for await (const entry of walk) {
    if (entries.length === limit) return { entries, more: true }
    if (passed < skip) passed += 1
    else entries.push(entry)
  }
  return { entries, more: false }
}

const MOST_TOGETHER = 1_000

/** A walk by the thousand, for who reads something more of each entry. */
export const together = async function* <T>(walk: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let open: T[] = []
  for await (const entry of walk) {
    open.push(entry)
    if (open.length < MOST_TOGETHER) continue
    yield open
    open = []
  }
  if (open.length > 0) yield open
}
