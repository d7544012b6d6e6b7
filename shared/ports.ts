/**
 * The only way the domain touches the world. `Kv` promises what DynamoDB promises and no more, `Objects` what S3
 * promises and no more, so that one domain and one proof serve every adapter. `test/contract` holds each adapter to
 * what is written here.
 *
 * Absence is `undefined`; the outcome of a race is a value; an exception means the call failed or that nobody knows
 * (`PortError`), or that the caller broke a limit (`RangeError`).
 */

import type { ByteRange } from './oci/range.ts'

export type { ByteRange }

export type AttributeValue = string | number | boolean | Uint8Array

/** Both parts are non-empty UTF-8: `pk` at most 2,048 bytes, `sk` at most 1,024 (DynamoDB service limits). */
export type Key = { readonly pk: string; readonly sk: string }

/** At most 400 KB (409,600 bytes): attribute names and values counted as UTF-8 (DynamoDB service limits). */
export type Item = Key & { readonly [attribute: string]: AttributeValue }

/** All conditions of a write must hold on the item as it is at the moment of the write. */
export type Condition =
  | { readonly kind: 'exists' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'attributeAbsent'; readonly name: string }
  | { readonly kind: 'equals'; readonly name: string; readonly value: AttributeValue }
  | { readonly kind: 'atLeast'; readonly name: string; readonly value: number }

type Conditional = { readonly conditions?: readonly Condition[] }

/** Replaces the whole item. */
export type PutItem = Conditional & { readonly op: 'put'; readonly item: Item }

/** Changes single attributes; creates the item when it is absent, unless a condition forbids that. */
export type UpdateItem = Conditional & {
  readonly op: 'update'
  readonly key: Key
  readonly set?: Readonly<Record<string, AttributeValue>>
  /** Adds to a number; an absent attribute counts as 0. */
  readonly add?: Readonly<Record<string, number>>
  readonly remove?: readonly string[]
}

export type DeleteItem = Conditional & { readonly op: 'delete'; readonly key: Key }

/** Only in a transaction: holds the transaction to conditions on an item that it does not write. */
export type CheckItem = {
  readonly op: 'check'
  readonly key: Key
  readonly conditions: readonly Condition[]
}

export type WriteOperation = PutItem | UpdateItem | DeleteItem
export type TransactOperation = WriteOperation | CheckItem

/** A write without condition, as `batchWrite` takes it. */
export type BatchOperation =
  { readonly op: 'put'; readonly item: Item } | { readonly op: 'delete'; readonly key: Key }

/**
 * `strong` sees every write acknowledged before it began. `eventual` may answer an older version of the item.
 */
export type ReadMode = 'strong' | 'eventual'

export type Query = {
  readonly pk: string
  /** Which sort keys: those that begin with a prefix, or those from one to another, both included. All if absent. */
  readonly sk?: { readonly prefix: string } | { readonly from: string; readonly to: string }
  /** Continue behind this sort key, which need not exist; it must lie in the range of `sk`. */
  readonly after?: string
  /** Items read at most, 1 or more. */
  readonly limit?: number
  /** Descending by sort key. */
  readonly reverse?: boolean
  /** Answer the keys alone, without the other attributes. Whole items may count towards the page all the same. */
  readonly keysOnly?: boolean
  readonly read: ReadMode
}

/**
 * Ascending by the UTF-8 bytes of the sort key. A page ends at `limit` items or 1 MB; `next` is the sort key to
 * continue behind, absent only when the end of the range was reached. A page may be empty and still have a `next`.
 */
export type QueryPage = { readonly items: readonly Item[]; readonly next?: string }

export type Scan = {
  /** Continue behind this key: the `next` of the page before, whose item need not exist any more. */
  readonly after?: Key
  /** Items read at most, 1 or more. */
  readonly limit?: number
  readonly read: ReadMode
}

/** A page ends at `limit` items or 1 MB; `next` is absent only at the end of the table. A page may be empty. */
export type ScanPage = { readonly items: readonly Item[]; readonly next?: Key }

export type TransactOutcome =
  | { readonly done: true }
  /** One reason per operation, in order; nothing was written. `conflict`: another write held the item; try again. */
  | { readonly done: false; readonly reasons: readonly (undefined | 'condition' | 'conflict')[] }

export type WriteOutcome = 'done' | 'refused' | 'conflict'

export type Kv = {
  get(key: Key, read: ReadMode): Promise<Item | undefined>
  /** At most 100 distinct keys; found items in no order. What `unprocessed` names was not looked at. */
  batchGet(
    keys: readonly Key[],
    read: ReadMode,
  ): Promise<{ readonly items: readonly Item[]; readonly unprocessed: readonly Key[] }>
  query(query: Query): Promise<QueryPage>
  /**
   * A page of the whole table, in an order of the store's own. Whoever follows `next` to the end has met every item once
   * that was there all the while; one that came or went meanwhile, or changed, may have been met as it was at some moment.
   * Only for who compares everything: it costs what the table holds.
   */
  scan(scan: Scan): Promise<ScanPage>
  /** `refused`: a condition did not hold, nothing was written. `conflict`: a transaction held the item; try again. */
  write(operation: WriteOperation): Promise<WriteOutcome>
  /** At most 25 operations on distinct keys, each on its own: some may be done when others are not. */
  batchWrite(
    operations: readonly BatchOperation[],
  ): Promise<{ readonly unprocessed: readonly BatchOperation[] }>
  /**
   * All or nothing: 1 to 100 operations on distinct keys, 4 MB together. A second call with the same token within ten
   * minutes writes nothing more and answers as the first. Readers may see it half applied for a moment.
   */
  transact(operations: readonly TransactOperation[], token: string): Promise<TransactOutcome>
  /**
   * As `write` or `transact` for each of them, side by side and each on its own, where many cost less that way; absent
   * where they do not. Who calls it has no token to try again with.
   */
  readonly each?: {
    write(operations: readonly WriteOperation[]): Promise<readonly WriteOutcome[]>
    transact(
      transactions: readonly (readonly TransactOperation[])[],
    ): Promise<readonly TransactOutcome[]>
  }
}

export type StoredObject = {
  /** Of the whole object, whatever range was asked for. */
  readonly sizeBytes: number
  /** Every piece is the reader's own. */
  readonly body: AsyncIterable<Uint8Array>
}

export type Objects = {
  /** Durable when it resolves. `exists`: `ifAbsent` was given and the key is taken; nothing was written. */
  put(
    key: string,
    bytes: readonly Uint8Array[],
    options: { readonly ifAbsent: boolean },
  ): Promise<'created' | 'exists'>
  head(key: string): Promise<{ readonly sizeBytes: number } | undefined>
  /** The range must lie inside the object. */
  get(key: string, range?: ByteRange): Promise<StoredObject | undefined>
  /** Copies a whole object of at most 5 GB inside the store (S3 CopyObject), so that no byte passes the caller. */
  copy(
    from: string,
    to: string,
    options: { readonly ifAbsent: boolean },
  ): Promise<'created' | 'exists' | 'unknownSource'>
  /** At most 1,000 keys; an absent one counts as deleted. Answers the keys that could not be deleted. */
  deleteMany(keys: readonly string[]): Promise<readonly string[]>
  /** Keys that begin with a prefix, ascending, at most 1,000 a page; continue behind `next`. */
  list(
    prefix: string,
    after?: string,
  ): Promise<{ readonly keys: readonly string[]; readonly next?: string }>
  /** A URL that answers a GET with the bytes, ranges included; `undefined` where bytes are served by this process. */
  signedRead(key: string, options: SignedReadOptions): Promise<string | undefined>
  /**
   * A request by which somebody else may put this object, of exactly this size and these bytes, until it expires: the
   * store itself refuses everything else, and a key that is taken. `undefined`: the store cannot sign.
   */
  signedPut(key: string, options: SignedPutOptions): Promise<SignedRequest | undefined>
  /**
   * What the store itself knows of an object. `sha256`, in hexadecimal, is of the whole object and was compared with
   * its bytes by the store when they came; absent where nobody has.
   */
  inspect(
    key: string,
  ): Promise<{ readonly sizeBytes: number; readonly sha256?: string } | undefined>
  readonly multipart: Multipart
}

/** Whoever holds it may make it, once or again, without any other credentials. Nothing of it may be logged. */
export type SignedRequest = {
  readonly method: 'PUT'
  /** Absolute, or to be resolved against the URL by which the registry was reached. */
  readonly url: string
  /** To be sent exactly so. */
  readonly headers: Readonly<Record<string, string>>
}

export type SignedPutOptions = {
  readonly expiresInSeconds: number
  readonly sizeBytes: number
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string
}

export type SignedReadOptions = {
  readonly expiresInSeconds: number
  /** Content-Type of the answer. */
  readonly contentType: string
}

/** Every part but the last must have at least 5 MiB (S3 service limit). */
export const MIN_PART_BYTES = 5 * 1024 * 1024
/** Part numbers run from 1 to this (S3 service limit). */
export const MAX_PART_NUMBER = 10_000
/** 5 GiB: of an object that is put at once, and of one part (S3 service limit). */
export const MAX_PUT_BYTES = 5 * 1024 ** 3

export type Part = { readonly number: number; readonly etag: string }
export type StoredPart = Part & { readonly sizeBytes: number }

export type SignedPartOptions = {
  readonly expiresInSeconds: number
  readonly sizeBytes: number
  /** Of its first byte in the object that is to come of it: a store may lay the part where it belongs. */
  readonly offset: number
}

/** Bytes of a part that are still on their way. They stay as they are until the part is stored, or has failed. */
export type Incoming = {
  readonly pieces: AsyncIterable<readonly Uint8Array[]>
  readonly atMostBytes: number
}

export type Multipart = {
  start(key: string): Promise<string>
  /**
   * Durable when it resolves. A second part with the same number replaces the first. `undefined`: no such upload. Throws a
   * RangeError when more bytes come than was said.
   */
  putPart(
    key: string,
    uploadId: string,
    partNumber: number,
    bytes: readonly Uint8Array[] | Incoming,
  ): Promise<string | undefined>
  /** A request by which somebody else may put this part, of exactly this size. `undefined`: the store cannot sign. */
  signedPart(
    key: string,
    uploadId: string,
    partNumber: number,
    options: SignedPartOptions,
  ): Promise<SignedRequest | undefined>
  /** The parts that are there, ascending, at most 1,000 a page; continue behind `next`. `undefined`: no such upload. */
  parts(
    key: string,
    uploadId: string,
    after?: number,
  ): Promise<{ readonly parts: readonly StoredPart[]; readonly next?: number } | undefined>
  /**
   * Makes the object of the parts in ascending order; parts not named are dropped. The key is untouched unless the
   * answer is `created`.
   */
  complete(
    key: string,
    uploadId: string,
    parts: readonly Part[],
    options: { readonly ifAbsent: boolean },
  ): Promise<'created' | 'exists' | 'invalidPart' | 'partTooSmall' | 'unknownUpload'>
  /** Drops every upload of a key that is not completed, with its parts; none is no error. */
  abort(key: string): Promise<void>
}

/** So much fits into a message: 256 KiB of UTF-8. SQS takes more by now; who needs more has an object to put it into. */
export const MAX_MESSAGE_BYTES = 256 * 1024
/** The longest that a message can be held back (SQS service limit). */
export const MAX_DELAY_SECONDS = 900
/** A message that was begun so often and never done is set aside, as a dead letter. */
export const MAX_DELIVERIES = 5

/** Work for later, as text. It is delivered at least once, in no order; whoever works on it must bear that it comes twice. */
export type Queue = {
  /**
   * Durable when it resolves. The text is not empty, has at most `MAX_MESSAGE_BYTES` and holds what XML 1.0 may hold (SQS
   * service limit): no control characters but tab and line ends. `delaySeconds`: whole ones, delivered no earlier.
   */
  send(text: string, options?: { readonly delaySeconds?: number }): Promise<void>
}

/** A message on its way to whoever works on it; one that hears neither `done` nor `failed` comes again. */
export type Delivery = {
  readonly id: string
  readonly text: string
  /** 1 the first time. */
  readonly attempt: number
  /** It does not come again. */
  done(): Promise<void>
  /** It comes again a little later, or is set aside after `MAX_DELIVERIES`. */
  failed(): Promise<void>
}

/** The other end of a queue, where this process works on it itself: on AWS messages are brought to a function. */
export type Deliveries = {
  /** Messages that are due, so many at most; nobody else is given them meanwhile. */
  receive(limit: number): Promise<readonly Delivery[]>
}

/** Work that goes on by itself for longer than a process may, one step after another; only on AWS. */
export type Executions = {
  /**
   * Durable when it resolves. `input` is JSON. With a name, of at most 80 letters, digits and hyphens, it is begun once in
   * 90 days (Step Functions service limit): `exists` says that it was.
   */
  start(input: string, name?: string): Promise<'started' | 'exists'>
}

/** What must not lie in the table. */
export type Secrets = {
  /** The text of a secret; `undefined`: there is none of that name. */
  read(name: string): Promise<string | undefined>
}

export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}

export type Ids = {
  /** A new id: 26 characters of `[a-z2-7]`, unique for all time and not to be guessed. */
  next(): string
  /**
   * As `next`. Those that one process asks for one after another may begin alike: what is made together and goes together
   * then lies together wherever keys are kept in order, and who collects it touches a few pages and one directory.
   */
  nextBeside(): string
}

/**
 * Why a call failed. `throttled`: not done, slow down. `unknown`: it may have been done, now or later. `unavailable`:
 * not done. `full`: no room to write; reads go on.
 */
export type PortFailure = 'throttled' | 'unknown' | 'unavailable' | 'full'

export class PortError extends Error {
  readonly failure: PortFailure
  constructor(failure: PortFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PortError'
    this.failure = failure
  }
}
