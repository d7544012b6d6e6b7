import type { TableFile } from './table-file.ts'

/** Told when the commit of its group is on disk, or has failed. */
type Member = {
  /** Reads and writes, inside the transaction. Answers what to do when that is on disk. */
  readonly run: () => () => void
  readonly fail: (reason: unknown) => void
  readonly weight: number
}

/**
 * Runs something inside a transaction of the table; resolves when what it wrote is on disk. `weight`: how many writes it
 * makes, about.
 */
export type Commit = <T>(run: () => T, weight: number) => Promise<T>

/** What is heavier waits for the next transaction: nothing else runs in this process meanwhile. */
const MOST_WEIGHT = 1_000

/**
 * Lets whoever comes before the table's next transaction begins share it, and with it the flushes. The table does so,
 * too, but without end, and keeps a record of each of them that outlives it. What one of them throws is its own; they run
 * one after the other, each to its end.
 */
export const createGroupCommit = (table: TableFile): Commit => {
  const waiting: Member[] = []

  const takeGroup = (): readonly Member[] => {
    let weight = 0
    const count = waiting.findIndex((member) => (weight += member.weight) > MOST_WEIGHT)
    return waiting.splice(0, count === -1 ? waiting.length : Math.max(1, count))
  }

  const begin = async (): Promise<void> => {
    let group: readonly Member[] = []
    try {
      const ends = await table.transaction(() => {
        group = takeGroup()
        // What begins here already would still be of this transaction.
        if (waiting.length > 0) setImmediate(() => void begin())
        return group.map(({ run }) => run())
      })
      for (const end of ends) end()
    } catch (error) {
      // Before the transaction began, nobody had been taken along.
      if (group.length === 0) group = waiting.splice(0)
      for (const { fail } of group) fail(error)
    }
  }

  return async (run, weight) =>
    await new Promise((resolve, reject) => {
      const member: Member = {
        run: () => {
          try {
            const value = run()
            return () => {
              resolve(value)
            }
          } catch (error) {
            return () => {
              // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it was
              reject(error)
            }
          }
        },
        fail: reject,
        weight,
      }
      if (waiting.push(member) === 1) void begin()
    })
}
