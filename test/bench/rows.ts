import type { Row } from './numbers.ts'

/** Collects measurements into rows, in the order in which their names first come up. */
export const createRows = () => {
  const rows = new Map<string, Row & { readonly values: Record<string, number[]> }>()
  return {
    add: (name: string, unit: string, more: boolean, server: string, value: number): void => {
      const row = rows.get(name) ?? { name, unit, more, values: {} }
      rows.set(name, row)
      row.values[server] = [...(row.values[server] ?? []), value]
    },
    list: (): readonly Row[] => [...rows.values()],
  }
}
