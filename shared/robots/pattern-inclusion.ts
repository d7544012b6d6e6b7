import { matchesPattern } from '../auth/pattern.ts'

const TOKENS = /\*{2,}|./g
/** Patterns that need more are refused rather than thought about: no honest one comes near. */
const MOST_STEPS = 20_000

type Tokens = readonly string[]

/**
 * Whether every path that one pattern names is named by another, too. Follows all texts of the narrow one at once, each
 * with all the places in the wide one that it could have reached; `false` also for what would take too long to tell.
 */
export const includesPattern = (wide: string, narrow: string): boolean => {
  if (!narrow.includes('*')) return matchesPattern(wide, narrow)
  const [wideTokens, narrowTokens] = [tokensOf(wide), tokensOf(narrow)]
  const alphabet = lettersOf(wide + narrow)
  const seen = new Set<string>()
  const open: [number, readonly number[]][] = []
  const meet = (at: number, reached: readonly number[]): void => {
    for (const place of closure(narrowTokens, [at])) {
      const name = `${place}:${reached.join()}`
      if (seen.has(name)) continue
      seen.add(name)
      open.push([place, reached])
    }
  }
  meet(0, closure(wideTokens, [0]))
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [at, reached] = pair
    if (at === narrowTokens.length && !reached.includes(wideTokens.length)) return false
    if (seen.size > MOST_STEPS) return false
    for (const letter of alphabet) {
      const next = step(wideTokens, reached, letter)
      for (const place of move(narrowTokens[at], at, letter)) meet(place, next)
    }
  }
  return true
}

const tokensOf = (pattern: string): Tokens => pattern.match(TOKENS) ?? []

/** Every character that either pattern tells from others, and one that neither does. */
const lettersOf = (text: string): readonly string[] => {
  const letters = new Set(text.replaceAll('*', ''))
  const other = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('').find((one) => !letters.has(one))
  return [...letters, '/', other ?? '~']
}

const move = (token: string | undefined, at: number, letter: string): readonly number[] => {
  if (token === undefined) return []
  if (token.length > 1 || (token === '*' && letter !== '/')) return [at]
  return token === letter ? [at + 1] : []
}

const step = (tokens: Tokens, reached: readonly number[], letter: string): readonly number[] =>
  closure(
    tokens,
    reached.flatMap((at) => move(tokens[at], at, letter)),
  )

/** A star may also stand for nothing. */
const closure = (tokens: Tokens, places: readonly number[]): readonly number[] => {
  const all = new Set(places)
  for (const at of all) if (tokens[at]?.startsWith('*') === true) all.add(at + 1)
  return [...all].sort((one, other) => one - other)
}
