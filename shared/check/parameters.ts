import * as z from 'zod'
import { DomainError } from '../errors.ts'

export type AuditParameters = {
  /** What was written to in the last so many hours is not looked at, where it says so. */
  readonly marginHours: number
}

const MOST_HOURS = 24 * 366
const DEFAULT_HOURS = 48

const parameters = z.object({ marginHours: z.int().min(0).max(MOST_HOURS) })

export const DEFAULT_PARAMETERS: AuditParameters = { marginHours: DEFAULT_HOURS }

export const parseAuditParameters = (text: string): AuditParameters =>
  parameters.parse(JSON.parse(text))

/**
 * The parameters as a schedule or a run has them.
 * @throws DomainError BAD_REQUEST
 */
export const auditParameters = (given: AuditParameters): string => {
  if (parameters.safeParse(given).success) return JSON.stringify(given)
  throw new DomainError('BAD_REQUEST', `margin_hours: 0 to ${MOST_HOURS} whole hours`)
}
