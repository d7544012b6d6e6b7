import type { Digest } from '../oci/digest.ts'
import type { PutItem } from '../ports.ts'
import type { Store } from '../store/store.ts'
import {
  key,
  SCHEMA_VERSION,
  type Incarnation,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../table.ts'

/**
 * What the garbage collector is asked to look at. A task is written in the very transaction that may leave garbage
 * behind, and each event has its own, so none can swallow another.
 *
 * ```
 * UPLOAD_REVIEW     an upload nobody finished: doom its object
 * INTENT_REVIEW     a manifest push nobody finished: undo it
 * TOMBSTONE         a manifest that is gone: drop its refs and edges
 * LINK_REVIEW       a holder of a project's link to a blob went or will expire: collect the link
 * MANIFEST_REVIEW   a tag or index let go of a manifest, or nothing ever held it: collect it if policy says so
 * OBJECT_DELETE     a doomed object: delete it from the bucket
 * REPOSITORY_DELETE a repository whose name is gone: delete what is left in it
 * UPLOAD_CLEANUP    an upload is over: abort its multipart uploads, delete the tails it left in the bucket
 * ```
 */
export type Task =
  | { readonly type: 'UPLOAD_REVIEW' | 'OBJECT_DELETE' | 'UPLOAD_CLEANUP'; readonly oid: ObjectId }
  | {
      readonly type: 'INTENT_REVIEW' | 'TOMBSTONE'
      readonly pid: ProjectId
      readonly rid: RepositoryId
      readonly digest: Digest
      readonly inc: Incarnation
    }
  | { readonly type: 'REPOSITORY_DELETE'; readonly pid: ProjectId; readonly rid: RepositoryId }
  | { readonly type: 'LINK_REVIEW'; readonly digest: Digest; readonly pid: ProjectId }
  | { readonly type: 'MANIFEST_REVIEW'; readonly rid: RepositoryId; readonly digest: Digest }

/** The write that enqueues a task; `dueAt` in epoch milliseconds. */
export const enqueue = (ids: Store['ids'], dueAt: number, task: Task): PutItem => ({
  op: 'put',
  item: {
    ...key.task(dueAt, task.type, subjectOf(task), ids.next()),
    v: SCHEMA_VERSION,
    ...task,
    dueAt,
    attempts: 0,
  },
})

const subjectOf = (task: Task): string => {
  switch (task.type) {
    case 'UPLOAD_REVIEW':
    case 'OBJECT_DELETE':
    case 'UPLOAD_CLEANUP':
      return task.oid
    case 'INTENT_REVIEW':
    case 'TOMBSTONE':
      return `${task.rid}/${task.digest}/${task.inc}`
    case 'REPOSITORY_DELETE':
      return `${task.pid}/${task.rid}`
    case 'LINK_REVIEW':
      return `${task.digest}/${task.pid}`
    case 'MANIFEST_REVIEW':
      return `${task.rid}/${task.digest}`
  }
}
