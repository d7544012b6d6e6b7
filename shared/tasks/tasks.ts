import { createHash } from 'node:crypto'
import type { Digest } from '../oci/digest.ts'
import type { PutItem } from '../ports.ts'
import { known } from '../store/known.ts'
import type { Store } from '../store/store.ts'
import {
  key,
  SCHEMA_VERSION,
  type Incarnation,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../table.ts'

type OfObject = { readonly oid: ObjectId }
type OfProject = { readonly pid: ProjectId }
type OfRepository = OfProject & { readonly rid: RepositoryId }
type OfBlob = { readonly digest: Digest }
type OfManifest = OfRepository & { readonly digest: Digest }
type OfPush = OfManifest & { readonly inc: Incarnation }

/** What each task is about. */
type Subjects = {
  /** An upload nobody finished: doom its object. */
  readonly UPLOAD_REVIEW: OfObject
  /** An upload is committed: abort its multipart uploads, delete the tails it left in the bucket. */
  readonly UPLOAD_CLEANUP: OfObject
  /** A manifest push: undo it if nobody finished it; look at the holds of its tags when none can be in flight any more. */
  readonly INTENT_REVIEW: OfPush & { readonly isSecond?: boolean | undefined }
  /** A manifest that is gone: drop its refs and edges; once more when nothing can be in flight any more. */
  readonly TOMBSTONE: OfPush & {
    readonly blobs: Uint8Array
    readonly manifests: Uint8Array
    /** The object of its body. */
    readonly oid?: ObjectId | undefined
    /** That object stays in the trash until then; epoch milliseconds. */
    readonly until?: number | undefined
    readonly isSecond?: boolean | undefined
  }
  /** Something that was deleted cannot be brought back any more: forget it. */
  readonly TRASH_END: {
    /** Its record, and when that says it was deleted: one of a later deletion stays. */
    readonly trashPk: string
    readonly trashSk: string
    readonly at: number
    /** Its entry in the list, which is beside the record. */
    readonly entrySk?: string | undefined
  }
  /** A holder of a project's link to a blob went, or a repository's lease ends: collect the link. */
  readonly LINK_REVIEW: OfBlob & OfProject & { readonly lease?: RepositoryId | undefined }
  /** A link to a blob went: condemn the blob if nobody holds it. */
  readonly BLOB_REVIEW: OfBlob
  /** A blob was condemned a while ago under this version: collect it if still nobody holds it. */
  readonly BLOB_DELETE: OfBlob & { readonly version: string }
  /** A tag or index let go of a manifest, or nothing ever held it: list it anew, collect it if policy says so. */
  readonly MANIFEST_REVIEW: OfManifest & {
    /** Since when it is so; epoch milliseconds. */
    readonly since?: number | undefined
  }
  /** An index holds others from now on, or something is listed elsewhere: list it and them where they belong. */
  readonly LISTING_REVIEW: OfManifest & {
    /** The packed digests of the others. */
    readonly parts?: Uint8Array | undefined
  }
  /** A project wants untagged manifests deleted from now on: look at those that were parked until then. */
  readonly PARKED_REVIEW: OfProject & {
    /** It was done once; a worker that knew no better may have parked another. */
    readonly isSecond?: boolean | undefined
  }
  /** The subject of referrers went: collect those that nothing else holds. */
  readonly REFERRERS_REVIEW: OfManifest
  /** A doomed object: delete it from the bucket. */
  readonly OBJECT_DELETE: OfObject & {
    readonly size?: number | undefined
    readonly digest?: Digest | undefined
    /** It was deleted once; a part of it may have been in flight. */
    readonly isSecond?: boolean | undefined
  }
  /** A repository whose name is gone: delete what is left in it. */
  readonly REPOSITORY_DELETE: OfRepository
  /** The history has forgotten a run of garbage collection: delete its log. */
  readonly LOG_DELETE: { readonly run: number }
  /** An audit found something that a manifest or push which is gone still seems to hold: let go of it. */
  readonly HOLDER_REVIEW: {
    /** The item by which it does. */
    readonly holderPk: string
    readonly holderSk: string
    /** Whose it is, where the item does not say. */
    readonly pid?: ProjectId | undefined
  }
  /** An audit found an object in the bucket of which the table knows nothing: doom it. */
  readonly STRAY_REVIEW: OfObject
  /** An audit found that an object and its blob do not fit together: make them, or mark the blob as lost. */
  readonly BLOB_REPAIR: OfBlob &
    OfObject & {
      /** The bytes were read, and have another digest. */
      readonly isCorrupt?: boolean | undefined
    }
  /** An audit found that a manifest does not hold all that it refers to: take hold of it again. */
  readonly MANIFEST_REPAIR: OfManifest & {
    /** A blob that is gone, and its object in the trash. */
    readonly blob?: Digest | undefined
    readonly oid?: ObjectId | undefined
  }
  /** A project whose name is gone: delete what is left of it. */
  readonly PROJECT_DELETE: OfProject
}

export type TaskType = keyof Subjects
export type TaskOf<Type extends TaskType> = { readonly type: Type } & Subjects[Type]

/**
 * What the garbage collector is asked to look at. A task is written in the very transaction that may leave garbage
 * behind, and each event has its own, so none can swallow another.
 */
export type Task = { [Type in TaskType]: TaskOf<Type> }[TaskType]

/** The write that enqueues a task; `dueAt` in epoch milliseconds. */
export const enqueue = (ids: Store['ids'], dueAt: number, task: Task): PutItem => ({
  op: 'put',
  item: {
    ...key.task(dueAt, task.type, subjectOf(task), ids.next()),
    v: SCHEMA_VERSION,
    ...known(task),
    dueAt,
    attempts: 0,
  },
})

/** Spreads tasks over shards, and says in a key what it is about. */
export const subjectOf = (task: Task): string => {
  switch (task.type) {
    case 'UPLOAD_REVIEW':
    case 'OBJECT_DELETE':
    case 'UPLOAD_CLEANUP':
    case 'STRAY_REVIEW':
      return task.oid
    case 'HOLDER_REVIEW':
      return hashOf(`${task.holderPk}/${task.holderSk}`)
    case 'TRASH_END':
      return hashOf(`${task.trashPk}/${task.trashSk}`)
    case 'INTENT_REVIEW':
    case 'TOMBSTONE':
      return `${task.rid}/${task.digest}/${task.inc}`
    case 'PROJECT_DELETE':
    case 'PARKED_REVIEW':
      return task.pid
    case 'LOG_DELETE':
      return String(task.run)
    case 'REPOSITORY_DELETE':
      return `${task.pid}/${task.rid}`
    case 'LINK_REVIEW':
      return `${task.digest}/${task.pid}`
    case 'BLOB_REVIEW':
    case 'BLOB_DELETE':
    case 'BLOB_REPAIR':
      return task.digest
    case 'MANIFEST_REVIEW':
    case 'LISTING_REVIEW':
    case 'MANIFEST_REPAIR':
    case 'REFERRERS_REVIEW':
      return `${task.rid}/${task.digest}`
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
