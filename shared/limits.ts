/**
 * The limits of `ports.ts` as checks that every adapter makes before it does anything, so that a caller who breaks one
 * learns it from the first test and not from the first day on AWS. Each throws a `RangeError`.
 */
import {
  MAX_DELAY_SECONDS,
  MAX_MESSAGE_BYTES,
  MAX_PART_NUMBER,
  type AttributeValue,
  type BatchOperation,
  type ByteRange,
  type Item,
  type Key,
  type Query,
  type Scan,
  type TransactOperation,
  type UpdateItem,
  type WriteOperation,
} from './ports.ts'

/** 400 KB (DynamoDB service limit). */
export const MAX_ITEM_BYTES = 409_600
/** 1 MB: where a page of a query ends (DynamoDB service limit). */
export const MAX_PAGE_BYTES = 1_048_576

const MAX_PARTITION_KEY_BYTES = 2048
const MAX_SORT_KEY_BYTES = 1024
const MAX_GET_KEYS = 100
const MAX_BATCH_OPERATIONS = 25
const MAX_TRANSACT_OPERATIONS = 100
const MAX_TRANSACT_BYTES = 4 * 1024 * 1024

/** No UTF-16 unit takes more in UTF-8. */
export const MOST_BYTES_PER_UNIT = 3
/** No number or boolean takes more. */
const MOST_BYTES_PER_SCALAR = 21

/** Bytes of an item or of some of its attributes, counted as DynamoDB counts them. */
export const itemBytes = (item: Readonly<Record<string, AttributeValue>>): number => {
  let total = 0
  for (const [name, value] of Object.entries(item)) total += utf8Bytes(name) + valueBytes(value)
  return total
}

/** At least as many as `itemBytes`, and told without a look at every character: most items are far from every limit. */
export const mostBytes = (item: Readonly<Record<string, AttributeValue>>): number => {
  let total = 0
  for (const name in item) {
    const value = item[name]
    total += name.length * MOST_BYTES_PER_UNIT
    if (typeof value === 'string') total += value.length * MOST_BYTES_PER_UNIT
    else if (value instanceof Uint8Array) total += value.byteLength
    else total += MOST_BYTES_PER_SCALAR
  }
  return total
}

/** Both parts are well-formed, non-empty and short enough. */
export const assertKey = ({ pk, sk }: Key): void => {
  assertKeyPart('pk', pk, MAX_PARTITION_KEY_BYTES)
  assertKeyPart('sk', sk, MAX_SORT_KEY_BYTES)
}

/** The key and every attribute can be stored, and the whole is small enough. */
export const assertItem = (item: Item): void => {
  assertKey(item)
  assertAttributes(item)
  if (mostBytes(item) <= MAX_ITEM_BYTES) return
  const bytes = itemBytes(item)
  if (bytes > MAX_ITEM_BYTES)
    refuse(`item of ${bytes} bytes; at most ${MAX_ITEM_BYTES} are allowed`)
}

/** For `write`: the item or key, the conditions and the update are well formed. */
export const assertOperation = (operation: WriteOperation | TransactOperation): void => {
  if (operation.op === 'put') assertItem(operation.item)
  else assertKey(operation.key)
  if (operation.op === 'update') assertUpdate(operation)
  if (operation.op === 'check' && operation.conditions.length === 0) {
    refuse('check without a condition')
  }
  for (const condition of operation.conditions ?? []) {
    if ('value' in condition) assertAttribute(condition.name, condition.value)
    else if ('name' in condition) assertName(condition.name)
  }
}

/** For `batchGet`. */
export const assertGetKeys = (keys: readonly Key[]): void => {
  assertCount('keys', keys.length, 0, MAX_GET_KEYS)
  keys.forEach(assertKey)
  assertDistinct(keys)
}

/** For `batchWrite`. */
export const assertBatch = (operations: readonly BatchOperation[]): void => {
  assertCount('operations', operations.length, 0, MAX_BATCH_OPERATIONS)
  for (const operation of operations) {
    if (operation.op === 'put') assertItem(operation.item)
    else assertKey(operation.key)
  }
  assertDistinct(operations.map(keyOf))
}

/** For `transact`. */
export const assertTransaction = (operations: readonly TransactOperation[]): void => {
  assertCount('operations', operations.length, 1, MAX_TRANSACT_OPERATIONS)
  operations.forEach(assertOperation)
  assertDistinct(operations.map(keyOf))
  if (sizeOf(operations, mostBytes) <= MAX_TRANSACT_BYTES) return
  const bytes = sizeOf(operations, itemBytes)
  if (bytes > MAX_TRANSACT_BYTES) {
    refuse(`transaction of ${bytes} bytes; at most ${MAX_TRANSACT_BYTES} are allowed`)
  }
}

/** For `query`. */
export const assertQuery = ({ pk, sk, after, limit }: Query): void => {
  assertKeyPart('pk', pk, MAX_PARTITION_KEY_BYTES)
  assertLimit(limit)
  if (after !== undefined) assertKeyPart('after', after, MAX_SORT_KEY_BYTES)
  if (sk === undefined) return
  if ('prefix' in sk) {
    assertKeyPart('prefix', sk.prefix, MAX_SORT_KEY_BYTES)
    if (after?.startsWith(sk.prefix) === false) refuse('after does not begin with the prefix')
    return
  }
  assertKeyPart('from', sk.from, MAX_SORT_KEY_BYTES)
  assertKeyPart('to', sk.to, MAX_SORT_KEY_BYTES)
  if (compareUtf8(sk.from, sk.to) > 0) refuse('from lies behind to')
  if (after !== undefined && (compareUtf8(after, sk.from) < 0 || compareUtf8(after, sk.to) > 0)) {
    refuse('after lies outside the range')
  }
}

/** For `scan`. */
export const assertScan = ({ after, limit }: Scan): void => {
  if (after !== undefined) assertKey(after)
  assertLimit(limit)
}

/** For `Objects.get`: the range lies inside an object of that size. */
export const assertRange = ({ start, end }: ByteRange, sizeBytes: number): void => {
  if (start < 0 || end < start || end >= sizeBytes)
    refuse(`bytes ${start} to ${end} of ${sizeBytes}`)
}

/** For `Multipart.putPart`. */
export const assertPartNumber = (partNumber: number): void => {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PART_NUMBER) {
    refuse(`part number ${partNumber}; 1 to ${MAX_PART_NUMBER} are allowed`)
  }
}

/** What SQS refuses in a message: everything that XML 1.0 has no character for. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const NOT_IN_MESSAGES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** For `Queue.send`. */
export const assertMessage = (text: string, delaySeconds = 0): void => {
  const bytes = utf8Bytes(text)
  if (bytes === 0) refuse('an empty message')
  if (bytes > MAX_MESSAGE_BYTES) {
    refuse(`message of ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} are allowed`)
  }
  if (!text.isWellFormed() || NOT_IN_MESSAGES.test(text)) refuse('a message is not plain text')
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_DELAY_SECONDS) {
    refuse(`delay of ${delaySeconds} s; 0 to ${MAX_DELAY_SECONDS} whole ones are allowed`)
  }
}

/** Orders two well-formed strings by their UTF-8 bytes; `<` orders by UTF-16, which puts U+1F600 before U+FFFD. */
export const compareUtf8 = (left: string, right: string): number => {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index += 1) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a === b) continue
    // A surrogate stands for a code point above all that fit in one unit.
    if (isSurrogate(a) !== isSurrogate(b)) return isSurrogate(a) ? 1 : -1
    return a - b
  }
  return left.length - right.length
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

const keyOf = (operation: TransactOperation | BatchOperation): Key =>
  operation.op === 'put' ? operation.item : operation.key

const sizeOf = (operations: readonly TransactOperation[], measure: typeof itemBytes): number => {
  let total = 0
  for (const operation of operations) {
    total += operation.op === 'put' ? measure(operation.item) : measure({ ...operation.key })
    if (operation.op !== 'update') continue
    if (operation.set !== undefined) total += measure(operation.set)
    if (operation.add !== undefined) total += measure(operation.add)
  }
  return total
}

/** An attribute that one update changes twice has no defined outcome, and a key cannot change. */
const assertUpdate = ({ key, set = {}, add = {}, remove = [] }: UpdateItem): void => {
  const names = [...Object.keys(set), ...Object.keys(add), ...remove]
  remove.forEach(assertName)
  if (new Set(['pk', 'sk', ...names]).size !== names.length + 2) {
    refuse('an update names a key attribute, or one attribute twice')
  }
  assertAttributes(set)
  assertAttributes(add)
  const sizeBy = (measure: typeof itemBytes) => measure({ ...key }) + measure(set) + measure(add)
  if (sizeBy(mostBytes) > MAX_ITEM_BYTES && sizeBy(itemBytes) > MAX_ITEM_BYTES) {
    refuse(`update of more than ${MAX_ITEM_BYTES} bytes`)
  }
}

const assertAttributes = (attributes: Readonly<Record<string, AttributeValue>>): void => {
  for (const name in attributes) {
    const value = attributes[name]
    if (value !== undefined) assertAttribute(name, value)
  }
}

const assertAttribute = (name: string, value: AttributeValue): void => {
  assertName(name)
  if (typeof value === 'string' && !value.isWellFormed()) refuse(`${name} is not well-formed text`)
  // DynamoDB counts in decimals of 38 digits and JavaScript in doubles: only in whole numbers do both agree.
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    refuse(`${name} is ${value}; only safe integers are allowed`)
  }
}

const assertLimit = (limit: number | undefined): void => {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    refuse(`limit ${limit}; it must be a whole number of 1 or more`)
  }
}

const assertName = (name: string): void => {
  if (name === '' || !name.isWellFormed()) refuse('an attribute name is empty or not well-formed')
}

const assertKeyPart = (part: string, value: string, maxBytes: number): void => {
  if (value === '') refuse(`${part} is empty`)
  if (!value.isWellFormed()) refuse(`${part} is not well-formed text`)
  if (value.length * MOST_BYTES_PER_UNIT <= maxBytes) return
  const bytes = utf8Bytes(value)
  if (bytes > maxBytes) refuse(`${part} of ${bytes} bytes; at most ${maxBytes} are allowed`)
}

const assertCount = (what: string, count: number, least: number, most: number): void => {
  if (count < least || count > most) refuse(`${count} ${what}; ${least} to ${most} are allowed`)
}

const assertDistinct = (keys: readonly Key[]): void => {
  if (keys.length < 2) return
  // With its length in front, no other two parts make the same text.
  const seen = new Set(keys.map(({ pk, sk }) => `${pk.length} ${pk}${sk}`))
  if (seen.size !== keys.length) refuse('the same key twice in one call')
}

const valueBytes = (value: AttributeValue): number => {
  if (typeof value === 'string') return utf8Bytes(value)
  if (typeof value === 'number') return numberBytes(value)
  return typeof value === 'boolean' ? 1 : value.byteLength
}

/** One byte per two significant digits and one more, and one for a sign (Developer Guide, "Item sizes"). */
const numberBytes = (value: number): number => {
  const digits = String(Math.abs(value)).replace(/0+$/, '').length
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0)
}

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8')

const refuse = (reason: string): never => {
  throw new RangeError(reason)
}
