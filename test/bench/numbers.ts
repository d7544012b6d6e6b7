/** The middle of the values; of an even number of them the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1]
  const high = sorted[Math.floor(middle)]
  if (low === undefined || high === undefined) throw new Error('a median of nothing')
  return (low + high) / 2
}

/** A row of the result: one quantity, measured in every round at every registry. */
export type Row = {
  readonly name: string
  readonly unit: string
  /** Whether more is better, as with requests a second; otherwise less is. */
  readonly more: boolean
  /** By the name of the registry, one value per round. */
  readonly values: Readonly<Record<string, readonly number[]>>
}

/** A text table: medians with their spread, and how many times better the first registry is than each other one. */
export const formatTable = (rows: readonly Row[], names: readonly string[]): string => {
  const [ours = '', ...peers] = names
  const head = ['', ...names, ...peers.map((peer) => `vs ${peer}`)]
  const body = rows.map(({ more, name, unit, values }) => [
    `${name} (${unit})`,
    ...names.map((one) => spread(values[one])),
    ...peers.map((peer) => ratio(values[ours], values[peer], more)),
  ])
  const table = [head, ...body]
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

const spread = (values: readonly number[] | undefined): string =>
  values === undefined || values.length === 0
    ? '-'
    : `${show(median(values))} [${show(Math.min(...values))}-${show(Math.max(...values))}]`

const ratio = (
  ours: readonly number[] | undefined,
  theirs: readonly number[] | undefined,
  more: boolean,
): string => {
  if (ours === undefined || theirs === undefined) return '-'
  const [a, b] = [median(ours), median(theirs)]
  return `${(more ? a / b : b / a).toFixed(2)}x`
}

const show = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
