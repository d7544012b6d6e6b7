/** The audit log: who did what to what, when, and from where. Entries are never changed. */
import * as z from 'zod'
import type { Item, PutItem, TransactOperation } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, type AuditScope, type ProjectId } from '../table.ts'

/** What is done, in Harbor's words. A `create` of an artifact is a push. */
export const OPERATIONS = ['create', 'update', 'delete', 'pull', 'login', 'logout'] as const
export type Operation = (typeof OPERATIONS)[number]

/** What it is done to, in Harbor's words. */
export const RESOURCE_TYPES = [
  ...['artifact', 'tag', 'repository', 'project', 'member', 'metadata', 'quota'],
  ...['robot', 'user', 'token', 'label', 'configuration', 'audit', 'gc'],
] as const
export type ResourceType = (typeof RESOURCE_TYPES)[number]

/** Who does something. */
export type Actor = {
  /** The login name; empty: nobody in particular. */
  readonly name: string
  /** Of the client, as far as it can be trusted; empty when unknown. */
  readonly address: string
}

export type AuditEvent = {
  readonly operation: Operation
  readonly resourceType: ResourceType
  /** Its name, such as `library/alpine:v1`. */
  readonly resource: string
  /** Of the project that it is in: whoever may read its log sees the entry. */
  readonly pid?: ProjectId | undefined
  /** In a sentence, where the rest does not say it all. */
  readonly description?: string | undefined
  /** Default true. */
  readonly isSuccess?: boolean | undefined
}

export type AuditEntry = {
  /** A positive integer that a 64-bit float holds. */
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly operator: string
  readonly address: string
  readonly operation: string
  readonly resourceType: string
  readonly resource: string
  readonly description: string
  readonly isSuccess: boolean
}

/** What the settings call this kind of event: `create_project`. */
export const kindOf = ({
  operation,
  resourceType,
}: Pick<AuditEntry, 'operation' | 'resourceType'>): string => `${operation}_${resourceType}`

const MAX_TEXT = 1_024
/** Numbers are the millisecond and three digits more: below 2^53 until the year 2255. */
const PER_MILLISECOND = 1_000

const entryItem = z.object({
  number: z.number(),
  at: z.number(),
  operator: z.string(),
  address: z.string(),
  operation: z.string(),
  resourceType: z.string(),
  resource: z.string(),
  description: z.string(),
  isSuccess: z.boolean(),
})

export const parseEntry = (item: Item): AuditEntry => entryItem.parse(item)

/**
 * The writes of an entry, at most four: into the log of the registry, into that of the project, and both counts. They go
 * into the transaction of what they tell of.
 */
export const entryWrites = (
  store: Store,
  actor: Actor,
  event: AuditEvent,
): readonly TransactOperation[] => {
  const scopes: readonly AuditScope[] = event.pid === undefined ? ['system'] : ['system', event.pid]
  const at = store.clock.now()
  const order = orderIn(at)
  const id = `${String(order).padStart(3, '0')}${store.ids.next()}`
  const entry = { v: SCHEMA_VERSION, ...entryOf(actor, event, at, order) }
  return scopes.flatMap((scope) => [
    { op: 'put', item: { ...key.auditEntry(scope, at, id), ...entry } } satisfies PutItem,
    countOf(scope, at, id, 1),
  ])
}

/** Counts entries of the month and shard that an entry is in. */
export const countOf = (
  scope: AuditScope,
  at: number,
  id: string,
  by: number,
): TransactOperation => ({
  op: 'update',
  key: key.auditCount(scope, at, id),
  set: { v: SCHEMA_VERSION },
  add: { total: by },
})

let latest = { at: 0, order: 0 }

/** What one process does in the same millisecond is told in its order. */
const orderIn = (at: number): number => {
  latest = { at, order: at === latest.at ? (latest.order + 1) % PER_MILLISECOND : 0 }
  return latest.order
}

const entryOf = (actor: Actor, event: AuditEvent, at: number, order: number): AuditEntry => ({
  number: at * PER_MILLISECOND + order,
  at,
  operator: clip(actor.name),
  address: clip(actor.address),
  operation: event.operation,
  resourceType: event.resourceType,
  resource: clip(event.resource),
  description: clip(event.description ?? ''),
  isSuccess: event.isSuccess ?? true,
})

/** Names of failed logins are whatever somebody sent. */
const clip = (text: string): string => text.toWellFormed().slice(0, MAX_TEXT)
