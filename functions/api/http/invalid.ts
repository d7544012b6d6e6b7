import type * as z from 'zod'
import { ApiError } from './errors.ts'

const WHERE: Readonly<Record<string, string>> = {
  json: 'body',
  param: 'path',
}
const MAX_ISSUES = 10

/** What go-openapi, which reads requests for Harbor, answers by 422: absent, of another type, too small or too large. */
const UNPROCESSABLE: ReadonlySet<string> = new Set([
  'invalid_type',
  'too_big',
  'too_small',
  'not_multiple_of',
])

type Refused = { readonly issues: readonly z.core.$ZodIssue[] }

/** What to answer to a request that does not fit its schema: 422 for a value of a wrong kind, 400 for a wrong value. */
export const invalidRequest = (target: string, { issues }: Refused): ApiError => {
  const where = WHERE[target] ?? target
  const sentences = issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const name = path.map(String).join('.')
    return `${name === '' ? where : `${name} in ${where}`}: ${message}`
  })
  const isUnprocessable = issues.every(({ code }) => UNPROCESSABLE.has(code))
  return new ApiError(
    isUnprocessable ? 'UNPROCESSABLE_ENTITY' : 'BAD_REQUEST',
    `validation failure: ${sentences.join('; ')}`,
  )
}
