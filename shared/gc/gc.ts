import type { Digest } from '../oci/digest.ts'
import type { RegistryContext } from '../registry/context.ts'
import type { ProjectId, RepositoryRef } from '../table.ts'
import type { QueuedTask } from '../tasks/parse.ts'
import type { Task } from '../tasks/tasks.ts'

/** What goes beyond clearing up after deletes. */
export type Policy = {
  /** Whether manifests go that no tag and no index holds; of referrers, those whose subject is not there. */
  readonly deleteUntagged: boolean
  /** Milliseconds for which such a manifest is left alone. */
  readonly untaggedGrace: number
}

/** What was deleted. Bytes are counted when they are gone from the bucket. */
export type Deleted =
  | ({
      readonly kind: 'manifest'
      readonly digest: Digest
      /** In words. */
      readonly reason: string
    } & RepositoryRef)
  /** A project's link to a blob, with which it no longer pays for it. */
  | {
      readonly kind: 'link'
      readonly pid: ProjectId
      readonly digest: Digest
      readonly sizeBytes: number
    }
  | { readonly kind: 'blob'; readonly digest: Digest; readonly sizeBytes: number }
  | {
      readonly kind: 'object'
      readonly oid: string
      readonly digest?: Digest | undefined
      readonly sizeBytes: number
    }

/** What those who work off tasks work with. */
export type Gc = {
  readonly context: Pick<
    RegistryContext,
    'store' | 'objects' | 'repositories' | 'limits' | 'allowSparse'
  >
  readonly policyOf: (project: ProjectId) => Promise<Policy> | Policy
  /** The number of the run whose log lines go to; asked when the first thing is about to be deleted. */
  readonly run: () => Promise<number>
  /** Told what was deleted by a transaction that is done. */
  readonly deleted: (what: Deleted) => void
}

/**
 * What became of a task. `done`: it is of no more use. `again`: at that time there is more to do, for the same task or for
 * one that follows from it. `parked`: when somebody wants untagged manifests deleted.
 */
export type Outcome =
  'done' | 'parked' | { readonly again: number; readonly task?: Task | undefined }

/**
 * Works off one task. It may be called twice for one task, by two workers at once, and after it was broken off anywhere.
 * What it enqueues itself is there before it answers; what it answers is enqueued before its own task goes.
 */
export type Handler<T extends Task = Task> = (
  gc: Gc,
  task: T,
  queued: QueuedTask,
) => Promise<Outcome>

/** As `Handler`, for many tasks of one type; what it answers comes in their order. Should it throw, each is worked off alone. */
export type HandlerOfMany<T> = (gc: Gc, tasks: readonly T[]) => Promise<readonly Outcome[]>
