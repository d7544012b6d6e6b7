import { DomainError } from '../../../shared/errors.ts'

/** One condition of a `q`; what its values mean depends on the field that they are compared with. */
export type Condition =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'fuzzy'; readonly value: string }
  /** Both ends included; one of them may be open. */
  | { readonly kind: 'range'; readonly from: string | undefined; readonly to: string | undefined }
  /** `{a b}`: one of them. */
  | { readonly kind: 'any'; readonly values: readonly string[] }
  /** `(a b)`: each of them. */
  | { readonly kind: 'all'; readonly values: readonly string[] }

/** Conditions that must all hold, by `fieldKey` of their names. */
export type Query = ReadonlyMap<string, Condition>

const MAX_CHARACTERS = 8_192
const MAX_CONDITIONS = 50
/** Each is compared with each thing of a list. */
const MAX_VALUES = 200

/** Clients write `project_id`, `ProjectID` and `Level`; Harbor takes each for the same. */
export const fieldKey = (name: string): string => name.replaceAll('_', '').toLowerCase()

/** The condition on a field, however the client wrote its name. */
export const conditionOn = (query: Query, name: string): Condition | undefined =>
  query.get(fieldKey(name))

/**
 * Reads Harbor's `q`: `k=v`, `k=~v`, `k=[a~b]`, `k={a b}` and `k=(a b)`, with commas between them.
 * @throws DomainError BAD_REQUEST
 * @example parseQuery('public=true,name=~app')
 */
export const parseQuery = (text = ''): Query => {
  const query = new Map<string, Condition>()
  if (text.length > MAX_CHARACTERS) throw bad(`at most ${MAX_CHARACTERS} characters`)
  if (text === '') return query
  const conditions = decodeAgain(text).split(',')
  if (conditions.length > MAX_CONDITIONS) throw bad(`at most ${MAX_CONDITIONS} conditions`)
  for (const condition of conditions) {
    const equals = condition.indexOf('=')
    const key = fieldKey(condition.slice(0, Math.max(equals, 0)).trim())
    const value = condition.slice(equals + 1)
    if (key === '' || value === '') throw bad('each condition is key=value, and neither is empty')
    query.set(key, parseCondition(value))
  }
  return query
}

/**
 * Two of Harbor's clients encode twice, so Harbor decodes what has been decoded already, and leaves what cannot be. A
 * `+` is a blank only where not even the `=` was readable: elsewhere it belongs to the value.
 */
const decodeAgain = (text: string): string => {
  try {
    return decodeURIComponent(text.includes('=') ? text : text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

const parseCondition = (value: string): Condition => {
  switch (value.charAt(0)) {
    case '~':
      if (value.length === 1) throw bad('nothing behind "~"')
      return { kind: 'fuzzy', value: value.slice(1) }
    case '[':
      return parseRange(inside(value, ']'))
    case '{':
      return { kind: 'any', values: parseList(inside(value, '}')) }
    case '(':
      return { kind: 'all', values: parseList(inside(value, ')')) }
    case '\\':
      return { kind: 'exact', value: value.slice(1) }
    default:
      return { kind: 'exact', value }
  }
}

const inside = (value: string, close: string): string => {
  if (value.length < 2 || !value.endsWith(close)) throw bad(`"${close}" is missing at the end`)
  return value.slice(1, -1)
}

const parseRange = (text: string): Condition => {
  const [from, to, ...more] = text.split('~').map(unquote)
  if (from === undefined || to === undefined || more.length > 0) throw bad('a range has one "~"')
  if (from === '' && to === '') throw bad('a range has at least one end')
  return {
    kind: 'range',
    from: from === '' ? undefined : from,
    to: to === '' ? undefined : to,
  }
}

const parseList = (text: string): readonly string[] => {
  const values = text
    .split(' ')
    .map(unquote)
    .filter((value) => value !== '')
  if (values.length > MAX_VALUES) throw bad(`a list has at most ${MAX_VALUES} values`)
  return values
}

const QUOTES: ReadonlySet<string> = new Set(['"', "'"])

const unquote = (text: string): string => {
  const trimmed = text.trim()
  let start = 0
  let end = trimmed.length
  while (start < end && QUOTES.has(trimmed.charAt(start))) start += 1
  while (end > start && QUOTES.has(trimmed.charAt(end - 1))) end -= 1
  return trimmed.slice(start, end)
}

const bad = (why: string): DomainError => new DomainError('BAD_REQUEST', `bad query: ${why}`)
