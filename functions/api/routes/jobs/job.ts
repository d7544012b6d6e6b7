import type { z } from '@hono/zod-openapi'
import type { AuditEvent } from '../../../../shared/audit/entry.ts'
import type { Run } from '../../../../shared/schedules/items.ts'
import type { JobName } from '../../../../shared/table.ts'
import type { ApiContext } from '../../factory.ts'

/** How Harbor's API speaks of a job that runs by a schedule or when somebody says so. */
export type JobApi<Parameters extends z.ZodType = z.ZodType> = {
  readonly job: JobName
  /** Of its runs; its schedule is below. */
  readonly path: string
  readonly tag: string
  /** Of the number of a run in a path. */
  readonly idName: string
  readonly permission: 'purge-audit' | 'garbage-collection'
  readonly operationIds: Readonly<
    Record<'history' | 'run' | 'stop' | 'log' | 'schedule' | 'create' | 'update', string>
  >
  /** What a run of it is, and many, in a sentence. */
  readonly one: string
  readonly many: string
  /** Harbor's name of it. */
  readonly name: string
  readonly parameters: Parameters
  /** As they are stored. Throws DomainError BAD_REQUEST. */
  readonly toStored: (given: z.output<Parameters> | undefined) => string
  /** What came of a run is beside what it was given. */
  readonly shown: (stored: string, run?: Run) => Readonly<Record<string, unknown>>
  /** For the audit log, in a sentence. */
  readonly described: (given: z.output<Parameters> | undefined) => string
  readonly events: Readonly<
    Record<'run' | 'schedule', Pick<AuditEvent, 'resourceType' | 'resource'>>
  > & { readonly runOperation: AuditEvent['operation'] }
  readonly log: (c: ApiContext, run: Run) => string | ReadableStream<Uint8Array>
}
