import { DomainError } from '../../../shared/errors.ts'
import { fieldKey } from './query.ts'
import type { Fields, FieldValue, Scalar } from './query-match.ts'

export type SortBy = {
  /** By `fieldKey`. */
  readonly key: string
  readonly isDescending: boolean
}

const MAX_CHARACTERS = 1_024
const MAX_KEYS = 10

/**
 * Reads Harbor's `sort`: `-creation_time,name` is by time descending, then by name.
 * @throws DomainError BAD_REQUEST when it is longer than any list has fields
 */
export const parseSort = (text = ''): readonly SortBy[] => {
  if (text.length > MAX_CHARACTERS) throw tooLong()
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  if (words.length > MAX_KEYS) throw tooLong()
  return words.map((word) =>
    word.startsWith('-')
      ? { key: fieldKey(word.slice(1)), isDescending: true }
      : { key: fieldKey(word), isDescending: false },
  )
}

const tooLong = (): DomainError =>
  new DomainError('BAD_REQUEST', `sort takes at most ${MAX_KEYS} fields`)

/** The order that a client asks for; keys that are no fields say nothing, and what lacks a field comes last. */
export const comparatorOf = <T>(
  sort: readonly SortBy[],
  fields: Fields<T>,
): ((a: T, b: T) => number) => {
  const readers = new Map(Object.entries(fields).map(([name, read]) => [fieldKey(name), read]))
  const steps = sort.flatMap(({ key, isDescending }) => {
    const read = readers.get(key)
    return read === undefined ? [] : [{ read, isDescending }]
  })
  return (a, b) => {
    for (const { read, isDescending } of steps) {
      const order = compare(firstOf(read(a)), firstOf(read(b)), isDescending)
      if (order !== 0) return order
    }
    return 0
  }
}

const isList = (field: FieldValue): field is readonly Scalar[] => Array.isArray(field)
const firstOf = (field: FieldValue): Scalar | undefined => (isList(field) ? field[0] : field)

const compare = (a: Scalar | undefined, b: Scalar | undefined, isDescending: boolean): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  const order = Number(a > b) - Number(a < b)
  return isDescending ? -order : order
}
