import { fieldKey, type Condition, type Query } from './query.ts'

export type Scalar = string | number | boolean | Date
/** What a thing has in a field; a list is what it has several of, as an artifact has tags. */
export type FieldValue = Scalar | readonly Scalar[] | undefined

/** The fields of a thing that may be asked and sorted by; names as in its JSON. */
export type Fields<T> = Readonly<Record<string, (item: T) => FieldValue>>

/** Whether a thing is what a query asks for. Keys that are no fields say nothing, as with Harbor. */
export const matches = <T>(item: T, query: Query, fields: Fields<T>): boolean =>
  query.size === 0 ||
  Object.entries(fields).every(([name, read]) => {
    const condition = query.get(fieldKey(name))
    return condition === undefined || holds(condition, read(item))
  })

const holds = (condition: Condition, field: FieldValue): boolean => {
  const values = valuesOf(field)
  switch (condition.kind) {
    case 'exact':
      return values.some((value) => equals(value, condition.value))
    case 'fuzzy': {
      const wanted = condition.value.toLowerCase()
      return values.some((value) => textOf(value).toLowerCase().includes(wanted))
    }
    case 'range':
      return values.some((value) => isWithin(value, condition.from, condition.to))
    case 'any':
      return condition.values.some((text) => values.some((value) => equals(value, text)))
    case 'all':
      return condition.values.every((text) => values.some((value) => equals(value, text)))
    default:
      return condition satisfies never
  }
}

const isList = (field: FieldValue): field is readonly Scalar[] => Array.isArray(field)

const valuesOf = (field: FieldValue): readonly Scalar[] => {
  if (field === undefined) return []
  return isList(field) ? field : [field]
}

const textOf = (value: Scalar): string =>
  value instanceof Date ? value.toISOString() : String(value)

const equals = (value: Scalar, text: string): boolean => {
  if (typeof value === 'string') return value === text
  const wanted = readAs(value, text)
  return wanted !== undefined && wanted === orderOf(value)
}

const isWithin = (value: Scalar, from: string | undefined, to: string | undefined): boolean => {
  if (typeof value === 'string') {
    return (from === undefined || value >= from) && (to === undefined || value <= to)
  }
  const order = orderOf(value)
  const least = from === undefined ? -Infinity : readAs(value, from)
  const most = to === undefined ? Infinity : readAs(value, to)
  return least !== undefined && most !== undefined && order >= least && order <= most
}

const orderOf = (value: Exclude<Scalar, string>): number => Number(value)

const NUMBER = /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/
/** `2020-04-09T02:36:00`, which is UTC, or with a blank, as Harbor's description has it, or as its JSON writes times. */
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)Z?)?$/
const BOOLEANS: Readonly<Record<string, number>> = { true: 1, false: 0, '1': 1, '0': 0 }

/** A text as a value of the same kind; `undefined`: it is none, and fits nothing. */
const readAs = (like: Exclude<Scalar, string>, text: string): number | undefined => {
  if (typeof like === 'number') return NUMBER.test(text) ? Number(text) : undefined
  if (typeof like === 'boolean') {
    const word = text.toLowerCase()
    return Object.hasOwn(BOOLEANS, word) ? BOOLEANS[word] : undefined
  }
  const [, day, time = '00:00:00'] = TIME.exec(text) ?? []
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`)
  return Number.isNaN(at) ? undefined : at
}
