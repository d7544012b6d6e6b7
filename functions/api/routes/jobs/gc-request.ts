import * as z from 'zod'
import { DomainError } from '../../../../shared/errors.ts'
import { DEFAULT_PARAMETERS, type GcParameters } from '../../../../shared/gc/parameters.ts'

/** What a name that is misspelled would mean is anybody's guess, and deleting on a guess is not for a registry. */
const request = z.strictObject({
  delete_untagged: z.boolean().optional(),
  dry_run: z.boolean().optional(),
  ignore_grace: z.boolean().optional(),
  workers: z.number().optional(),
  time_window: z.number().optional(),
  max_objects: z.number().optional(),
  max_bytes: z.number().optional(),
  max_minutes: z.number().optional(),
  /** Harbor's, for its own storage; tags keep nothing back here. */
  delete_tag: z.boolean().optional(),
  redis_url_reg: z.string().optional(),
})

/** @throws DomainError BAD_REQUEST, which names what is wrong */
export const readGcRequest = (given: Readonly<Record<string, unknown>>): GcParameters => {
  const { data, error } = request.safeParse(given)
  if (data === undefined) {
    const [issue] = error.issues
    const name = issue?.path.length === 0 ? '' : `${String(issue?.path[0])}: `
    throw new DomainError('BAD_REQUEST', `${name}${issue?.message ?? 'invalid parameters'}`)
  }
  const { dry_run: isDryRun = false, ignore_grace: ignoresGrace = false } = data
  if (ignoresGrace && !isDryRun) {
    throw new DomainError('BAD_REQUEST', 'ignore_grace: only a dry run can look ahead')
  }
  return {
    deleteUntagged: data.delete_untagged ?? false,
    isDryRun,
    ignoresGrace,
    workers: data.workers ?? DEFAULT_PARAMETERS.workers,
    untaggedHours: data.time_window,
    maxObjects: data.max_objects,
    maxBytes: data.max_bytes,
    maxMinutes: data.max_minutes,
  }
}
