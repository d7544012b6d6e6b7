import * as z from 'zod'
import { DomainError } from '../errors.ts'

/** What a run of garbage collection is given. */
export type GcParameters = {
  /** Whether manifests go that no tag and no index holds, in projects that do not say. */
  readonly deleteUntagged: boolean
  /** Deletes nothing, and tells what would be deleted. */
  readonly isDryRun: boolean
  /** A dry run looks ahead: as if nothing were left alone any longer. */
  readonly ignoresGrace: boolean
  /** Shards of the queue that are worked off side by side. */
  readonly workers: number
  /** Hours for which an untagged manifest is left alone; absent: as the registry has it. */
  readonly untaggedHours?: number | undefined
  /** The run stops soon after so many objects or bytes went, or so many minutes; what is left is for the next. */
  readonly maxObjects?: number | undefined
  readonly maxBytes?: number | undefined
  readonly maxMinutes?: number | undefined
  /** Nobody asked for it. */
  readonly isBackground?: boolean | undefined
}

/** As Harbor has it. */
export const MAX_WORKERS = 10
const MAX_UNTAGGED_HOURS = 24 * 3_650
const MAX_MINUTES = 24 * 60
const DEFAULT_WORKERS = 1

const limit = (most = Number.MAX_SAFE_INTEGER) => z.int().min(1).max(most).optional()
const parameters = z.object({
  deleteUntagged: z.boolean(),
  isDryRun: z.boolean(),
  ignoresGrace: z.boolean(),
  workers: z.int().min(1).max(MAX_WORKERS),
  untaggedHours: z.int().min(0).max(MAX_UNTAGGED_HOURS).optional(),
  maxObjects: limit(),
  maxBytes: limit(),
  maxMinutes: limit(MAX_MINUTES),
  isBackground: z.boolean().optional(),
})

export const DEFAULT_PARAMETERS: GcParameters = {
  deleteUntagged: false,
  isDryRun: false,
  ignoresGrace: false,
  workers: DEFAULT_WORKERS,
}

export const parseGcParameters = (text: string): GcParameters => parameters.parse(JSON.parse(text))

/** By what clients call them. */
const CALLED: Readonly<Partial<Record<PropertyKey, string>>> = {
  workers: 'workers',
  untaggedHours: 'time_window',
  maxObjects: 'max_objects',
  maxBytes: 'max_bytes',
  maxMinutes: 'max_minutes',
}

/**
 * The parameters as a schedule or a run has them.
 * @throws DomainError BAD_REQUEST, which names what is out of range as clients call it
 */
export const gcParameters = (given: GcParameters): string => {
  const { error, success } = parameters.safeParse(given)
  if (success) return JSON.stringify(given)
  const [issue] = error.issues
  const name = CALLED[issue?.path[0] ?? ''] ?? String(issue?.path[0])
  throw new DomainError('BAD_REQUEST', `${name}: ${issue?.message ?? 'invalid'}`)
}
