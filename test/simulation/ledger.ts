/** What a name can be bound to by now: a value, or nothing. */
type Binding = string | undefined

type Cell = {
  /** What the name may be bound to, as far as anybody can tell. */
  candidates: Set<Binding>
  /** Values of operations that are under way, or whose outcome nobody learnt: they may still come true. */
  open: Map<symbol, Binding>
}

export type Operation = {
  /** It was done: the answer said so. */
  readonly acknowledge: () => void
  /** It was not done, and never will be. */
  readonly refuse: () => void
  /** It is over, and may or may not have been done. */
  readonly abandon: () => void
}

/**
 * What clients know of names (tags, manifests) from the answers they got. After an acknowledged operation that no other
 * one overlapped, a name has one value; else it has one of several.
 */
export const createLedger = () => {
  const cells = new Map<string, Cell>()
  const overlapped = new Set<symbol>()
  let changes = 0

  const cell = (name: string): Cell => {
    const known = cells.get(name) ?? { candidates: new Set([undefined]), open: new Map() }
    cells.set(name, known)
    return known
  }

  const begin = (name: string, value: Binding): Operation => {
    const own = cell(name)
    const id = Symbol(name)
    if (own.open.size > 0) for (const each of [id, ...own.open.keys()]) overlapped.add(each)
    own.open.set(id, value)
    changes += 1
    return {
      acknowledge: () => {
        changes += 1
        own.open.delete(id)
        own.candidates = overlapped.has(id) ? own.candidates.add(value) : new Set([value])
      },
      refuse: () => {
        changes += 1
        own.open.delete(id)
      },
      abandon: () => {
        changes += 1
        own.open.delete(id)
        own.candidates.add(value)
      },
    }
  }

  /** Every value that the name can have. */
  const possible = (name: string): readonly Binding[] => {
    const { candidates, open } = cell(name)
    return [...new Set([...candidates, ...open.values()])]
  }

  return {
    begin,
    possible,
    names: (): readonly string[] => [...cells.keys()],
    /** Grows with whatever anybody learns. */
    changes: (): number => changes,
  }
}

export type Ledger = ReturnType<typeof createLedger>
