const SPECIAL = /[.+^${}()|[\]\\?]/g

/** Patterns of repository paths: `*` is anything within one component, `**` anything at all. */
export const PATTERN_GRAMMAR = /^[a-z0-9._*-]+(?:\/[a-z0-9._*-]+)*$/

/** A path of 255 characters against this many stars takes microseconds; more are refused where patterns are given. */
export const MAX_STARS = 8

/** Whether a path is what a pattern names, from the first character to the last. */
export const matchesPattern = (pattern: string, path: string): boolean =>
  compiled(pattern).test(path)

const MAX_COMPILED = 1_000
const cache = new Map<string, RegExp>()

const compiled = (pattern: string): RegExp => {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  const source = pattern
    .split(/(\*{2,}|\*)/)
    .map((piece) => {
      if (piece.startsWith('**')) return '.*'
      return piece === '*' ? '[^/]*' : piece.replace(SPECIAL, '\\$&')
    })
    .join('')
  const expression = new RegExp(`^${source}$`)
  if (cache.size >= MAX_COMPILED) cache.clear()
  cache.set(pattern, expression)
  return expression
}
