/** One column of a table: its title, and what an entry has in it. */
export type Column<T> = readonly [title: string, cell: (entry: T) => string | number]

const MARGIN = '  '

/** Lines of a table with aligned columns; numbers are aligned to the right. */
export const table = <T>(entries: readonly T[], columns: readonly Column<T>[]): string => {
  const rows = entries.map((entry) => columns.map(([, cell]) => cell(entry)))
  const widths = columns.map(([title], index) =>
    Math.max(title.length, ...rows.map((row) => String(row[index] ?? '').length)),
  )
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) =>
        typeof cell === 'number'
          ? String(cell).padStart(widths[index] ?? 0)
          : cell.padEnd(widths[index] ?? 0),
      )
      .join(MARGIN)
      .trimEnd()
  return [line(columns.map(([title]) => title)), ...rows.map(line)].join('\n')
}

/** Prints a list: a table for people, JSON for programs. */
export const printList = <T>(
  entries: readonly T[],
  columns: readonly Column<T>[],
  { json }: { readonly json?: boolean },
): void => {
  print(json === true ? JSON.stringify(entries, undefined, 2) : table(entries, columns))
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}
