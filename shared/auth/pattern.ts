/** Patterns of repository paths: `*` is anything within one component, `**` anything at all. */
export const PATTERN_GRAMMAR = /^[a-z0-9._*-]+(?:\/[a-z0-9._*-]+)*$/

const TOKENS = /\*{2,}|./g

/**
 * Whether a path is what a pattern names, from the first character to the last. Takes time in proportion to the length
 * of both, whatever the pattern: every place in it that the text so far could have reached is followed at once.
 */
export const matchesPattern = (pattern: string, path: string): boolean => {
  const tokens = pattern.match(TOKENS) ?? []
  let reached = behindStars(tokens, new Set([0]))
  for (const character of path) {
    const next = new Set<number>()
    for (const at of reached) {
      const token = tokens[at]
      if (token === undefined) continue
      if (token.length > 1 || (token === '*' && character !== '/')) next.add(at)
      else if (token === character) next.add(at + 1)
    }
    if (next.size === 0) return false
    reached = behindStars(tokens, next)
  }
  return reached.has(tokens.length)
}

/** A star may also stand for nothing. */
const behindStars = (tokens: readonly string[], reached: Set<number>): Set<number> => {
  // Grows while it is walked: a star behind a star is passed too.
  for (const at of reached) if (tokens[at]?.startsWith('*') === true) reached.add(at + 1)
  return reached
}
