import type { Cron } from 'croner'
import { DomainError } from '../errors.ts'

const LONGEST = 255
/** Seconds, as Harbor has them first; one of them, so that nothing is due more than once a minute. */
const ONE_SECOND = /^\s*[0-5]?[0-9]\s/

/**
 * The first time behind another, in milliseconds since the epoch, that a cron expression of six fields (second, minute,
 * hour, day of the month, month, day of the week; by UTC) names.
 * @throws DomainError BAD_REQUEST for what is no such expression, or names no time
 */
export const nextTime = async (cron: string, after: number): Promise<number> => {
  if (cron.length > LONGEST || !ONE_SECOND.test(cron)) throw invalid('the first is a second, 0-59')
  const next = (await parse(cron.trim())).nextRun(new Date(after))
  if (next === null) throw invalid('it names no time that comes')
  return next.getTime()
}

const parse = async (text: string): Promise<Cron> => {
  // Few of those that start ever read a cron expression.
  const { Cron } = await import('croner')
  try {
    return new Cron(text, { timezone: 'UTC', mode: '6-part', paused: true })
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'it cannot be read', { cause: error })
  }
}

const invalid = (why: string, options?: ErrorOptions): DomainError =>
  new DomainError(
    'BAD_REQUEST',
    `cron has six fields, such as 0 30 2 * * * for half past two in the night: ${why}`,
    options,
  )
