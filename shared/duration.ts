const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/

/** Milliseconds of a text such as `5s`, `10m` or `24h`; `undefined`: it is not one, or it is of no time at all. */
export const parseDuration = (text: string): number | undefined => {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? []
  const known = Object.entries(UNITS).find(([name]) => name === unit)
  const milliseconds = known === undefined ? 0 : Number(count) * known[1]
  return milliseconds > 0 ? milliseconds : undefined
}
