import { it } from 'vitest'

/** Guarantees that an emulator is known to break, each with the reason; never an adapter of ours. */
export type Deviations = Readonly<Record<string, string>>

/** Declares a test named after the guarantee that it holds an adapter to. */
export type Guarantee = (name: string, test: () => Promise<void>) => void

/**
 * Expects what the endpoint is known to break to be broken, by name and with the reason in the report: the day that the
 * endpoint keeps it, the test says so.
 */
export const guaranteesExcept = (deviations: Deviations): Guarantee => {
  return (name, test) => {
    const reason = deviations[name]
    if (reason === undefined) it(name, test)
    else it.fails(`${name} (broken by the endpoint: ${reason})`, test)
  }
}
