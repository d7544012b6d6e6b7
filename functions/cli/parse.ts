import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../shared/duration.ts'

const SIZE = /^(\d+(?:\.\d+)?)\s*([KMGTP]?)(i?)B?$/i
const POWERS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4, P: 5 }
const NO_LIMIT = -1

/** A size such as `10GiB`, `500MB` or `1024`; `none` is -1. */
export const parseSize = (text: string): number => {
  if (text === 'none' || text === '-1') return NO_LIMIT
  const [, number, prefix = '', binary] = SIZE.exec(text) ?? []
  const power = POWERS[prefix.toUpperCase()]
  if (number === undefined || power === undefined) {
    throw new InvalidArgumentError('a size is none, or a number of bytes such as 10GiB or 500MB')
  }
  return Math.round(Number(number) * (binary === 'i' ? 1024 : 1000) ** power)
}

/** A span such as `30m`, `24h` or `7d`, in milliseconds. */
export const parseSpan = (text: string): number => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  throw new InvalidArgumentError('a span is a number and s, m, h or d, such as 24h')
}

/** A whole number above 0. */
export const parseCount = (text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a whole number above 0')
}

/** Days that something lives; `never` is -1. */
export const parseDays = (text: string): number => (text === 'never' ? -1 : parseCount(text))

/**
 * One permission of a robot, `PROJECT:RESOURCE:ACTION`, with `/` for the system and `*` for every project; in some
 * repositories of it only, `PROJECT/PATTERN:RESOURCE:ACTION`.
 */
export type Permission = {
  readonly namespace: string
  /** Absent: every repository. */
  readonly repository: string | undefined
  readonly resource: string
  readonly action: string
}

/** For an option that may be given several times. */
export const collectPermissions = (
  text: string,
  before: readonly Permission[] = [],
): readonly Permission[] => {
  const [where = '', resource, action, ...more] = text.split(':')
  const [, namespace, repository] = WHERE.exec(where) ?? []
  if (!namespace || !resource || !action || more.length > 0) {
    throw new InvalidArgumentError(
      'a permission is PROJECT:RESOURCE:ACTION, such as team:repository:push or team/app/*:repository:pull',
    )
  }
  return [...before, { namespace, repository, resource, action }]
}

const WHERE = /^(\/|[^/]+)(?:(?<=[^/])\/(.+))?$/

const MAX_JOBS = 64

/** How many connections side by side. */
export const parseJobs = (text: string): number => {
  const jobs = parseCount(text)
  if (jobs > MAX_JOBS) throw new InvalidArgumentError(`at most ${MAX_JOBS}`)
  return jobs
}
