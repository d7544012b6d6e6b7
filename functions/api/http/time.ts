/** A time of the store, in epoch milliseconds, as Harbor's API writes times. */
export const iso = (at: number): string => new Date(at).toISOString()
