import * as z from 'zod'
import type { Digest } from '../oci/digest.ts'
import type { Item, Key } from '../ports.ts'
import {
  SCHEMA_VERSION,
  type Incarnation,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../table.ts'
import type { Task } from './tasks.ts'

/** A task as it lies in its queue. */
export type QueuedTask = {
  readonly key: Key
  readonly task: Task
  readonly dueAt: number
  /** How often it failed. */
  readonly attempts: number
}

/** Trusts the table: what is there was parsed when it was written. */
const branded = <T extends string>() => z.string().transform((text) => text as T)
const oid = branded<ObjectId>()
const pid = branded<ProjectId>()
const rid = branded<RepositoryId>()
const digest = branded<Digest>()
const bytes = z.instanceof(Uint8Array)

const ofPush = { pid, rid, digest, inc: branded<Incarnation>() }
const ofManifest = { pid, rid, digest }

const taskItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('UPLOAD_REVIEW'), oid }),
  z.object({ type: z.literal('UPLOAD_CLEANUP'), oid }),
  z.object({
    type: z.literal('INTENT_REVIEW'),
    ...ofPush,
    isSecond: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('TOMBSTONE'),
    ...ofPush,
    blobs: bytes,
    manifests: bytes,
    oid: oid.optional(),
    until: z.number().optional(),
    isSecond: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('TRASH_END'),
    trashPk: z.string(),
    trashSk: z.string(),
    at: z.number(),
    entrySk: z.string().optional(),
  }),
  z.object({ type: z.literal('LINK_REVIEW'), digest, pid, lease: rid.optional() }),
  z.object({ type: z.literal('BLOB_REVIEW'), digest }),
  z.object({ type: z.literal('BLOB_DELETE'), digest, version: z.string() }),
  z.object({ type: z.literal('MANIFEST_REVIEW'), ...ofManifest, since: z.number().optional() }),
  z.object({ type: z.literal('LISTING_REVIEW'), ...ofManifest, parts: bytes.optional() }),
  z.object({ type: z.literal('PARKED_REVIEW'), pid, isSecond: z.boolean().optional() }),
  z.object({ type: z.literal('REFERRERS_REVIEW'), ...ofManifest }),
  z.object({
    type: z.literal('OBJECT_DELETE'),
    oid,
    size: z.number().optional(),
    digest: digest.optional(),
    isSecond: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('HOLDER_REVIEW'),
    holderPk: z.string(),
    holderSk: z.string(),
    pid: pid.optional(),
  }),
  z.object({ type: z.literal('STRAY_REVIEW'), oid }),
  z.object({ type: z.literal('BLOB_REPAIR'), digest, oid, isCorrupt: z.boolean().optional() }),
  z.object({
    type: z.literal('MANIFEST_REPAIR'),
    ...ofManifest,
    blob: digest.optional(),
    oid: oid.optional(),
  }),
  z.object({ type: z.literal('REPOSITORY_DELETE'), pid, rid }),
  z.object({ type: z.literal('PROJECT_DELETE'), pid }),
  z.object({ type: z.literal('LOG_DELETE'), run: z.number() }),
])
const queuedItem = z.object({
  v: z.number().max(SCHEMA_VERSION),
  dueAt: z.number(),
  attempts: z.number(),
})

/** `undefined`: written by a newer version, which alone knows what it means. */
export const parseTask = (item: Item): QueuedTask | undefined => {
  const queued = queuedItem.safeParse(item)
  const task = taskItem.safeParse(item)
  if (!queued.success || !task.success) return undefined
  const { pk, sk } = item
  const { attempts, dueAt } = queued.data
  return { key: { pk, sk }, task: task.data, dueAt, attempts }
}
