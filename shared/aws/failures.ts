/** What the errors of the SDK mean to a caller of the ports. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PortError } from '../ports.ts'

/** The one answer of S3 under load that is sure to mean that nothing was done. */
const SLOW_DOWN = 'SlowDown'

const THROTTLED = new Set([
  'ThrottlingException',
  'ThrottlingError',
  'Throttling',
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  SLOW_DOWN,
  'RequestThrottled',
  // S3: another conditional write of the same key is under way, and this one was not done.
  'ConditionalRequestConflict',
])

const ATTEMPTS = 3
const FIRST_WAIT_MS = 100

const BAD_REQUEST = 400
const SERVER_ERROR = 500

/** The code of an error of AWS, such as `NoSuchKey`. */
export const codeOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** Whether a code says that the call was not done because of too much load. */
export const isThrottling = (code: string | undefined): boolean =>
  code !== undefined && THROTTLED.has(code)

/**
 * Makes a call and translates how it failed. `expected` may turn an error into an answer; `undefined` from it means
 * that it does not know the error.
 */
export const call = async <T, E = never>(
  kind: 'read' | 'write',
  send: () => Promise<T>,
  expected: (code: string, error: unknown) => E | undefined = () => undefined,
): Promise<T | E> => {
  try {
    return await send()
  } catch (error) {
    const answer = expected(codeOf(error), error)
    if (answer !== undefined) return answer
    throw failureOf(kind, error)
  }
}

/** Makes a call that must not be repeated once more where S3 asked to slow down, and did nothing; a random while later. */
export const unhurried = async <T>(send: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send()
    } catch (error) {
      if (codeOf(error) !== SLOW_DOWN || attempt === ATTEMPTS) throw error
    }
    await sleep(Math.random() * FIRST_WAIT_MS * 2 ** attempt)
  }
}

/** The failure of a call, for what fails behind the answer: the body of an object. */
export const failureOf = (kind: 'read' | 'write', error: unknown): Error => {
  if (error instanceof PortError || error instanceof RangeError) return error
  const code = codeOf(error)
  // What only the stored item decides: adding to what is no number, an update that makes the item too large.
  if (code === 'ValidationException') return new RangeError(messageOf(error), { cause: error })
  if (isThrottling(code)) return new PortError('throttled', code, { cause: error })
  const status = statusOf(error)
  // Refused before anything was done; a mistake of the configuration, for the most part.
  const isRefused = status !== undefined && status >= BAD_REQUEST && status < SERVER_ERROR
  const failure = kind === 'read' || isRefused ? 'unavailable' : 'unknown'
  return new PortError(failure, `${code}: ${messageOf(error)}`, { cause: error })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')

const statusOf = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) {
    return undefined
  }
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}
