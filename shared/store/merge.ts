/** Several walks in one order as one in that order. `isBefore` says which of two comes first. */
export const mergeWalks = async function* <T>(
  walks: readonly AsyncGenerator<T>[],
  isBefore: (one: T, other: T) => boolean,
): AsyncGenerator<T> {
  const heads = await Promise.all(walks.map(async (walk) => await walk.next()))
  for (;;) {
    let first: { readonly item: T; readonly index: number } | undefined
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue
      if (first === undefined || isBefore(head.value, first.item))
        first = { item: head.value, index }
    }
    if (first === undefined) return
    yield first.item
    const next = await walks[first.index]?.next()
    if (next !== undefined) heads[first.index] = next
  }
}
