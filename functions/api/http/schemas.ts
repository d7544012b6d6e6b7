import { z } from '@hono/zod-openapi'

const WHOLE_NUMBER = /^-?[0-9]{1,15}$/

type Bounds = { readonly min: number; readonly max: number }

/** Largest number that a 32-bit client reads; ids and pages stay far below it. */
export const MAX_INTEGER = 2 ** 31 - 1

/** A whole number in a path, a query or a header; empty means absent, as Harbor has it. */
export const wholeNumber = ({ min, max }: Bounds) =>
  z
    .string()
    .transform((text, context) => {
      if (text === '') return undefined
      const value = WHOLE_NUMBER.test(text) ? Number(text) : undefined
      if (value === undefined) {
        context.addIssue({ code: 'invalid_type', expected: 'int', message: 'a whole number' })
      } else if (value < min) {
        const message = `at least ${min}`
        context.addIssue({ code: 'too_small', origin: 'int', minimum: min, message })
      } else if (value > max) {
        const message = `at most ${max}`
        context.addIssue({ code: 'too_big', origin: 'int', maximum: max, message })
      }
      return value
    })
    .openapi({ type: 'integer', minimum: min, maximum: max })

/** The number of a thing in a path; 422 for what is none. */
export const idInPath = wholeNumber({ min: 0, max: MAX_INTEGER }).transform((id) => id ?? 0)

const readFlag = <T>(byDefault: T) =>
  z
    .enum(['true', 'false', 'True', 'False', '1', '0', ''])
    .optional()
    .transform((text) =>
      text === undefined || text === '' ? byDefault : ['true', 'True', '1'].includes(text),
    )

/** `true` or `false` in a query, with a default for when it is absent. */
export const flag = (byDefault: boolean) =>
  readFlag(byDefault).openapi({ type: 'boolean', default: byDefault })

/** `true` or `false` in a query, or `undefined` when it is absent. */
export const anyFlag = readFlag(undefined).openapi({ type: 'boolean' })

/** The part of a request that names a project; `enforce` reads it. */
export const ofProject = {
  params: z.object({
    project_name_or_id: z.string().openapi({ description: 'A number is an id' }),
  }),
  headers: z.object({
    'x-is-resource-name': z.string().optional().openapi({
      description: 'true: what is in the path is a name, even if it is a number',
    }),
  }),
} as const

/** The part of a request that names a repository; `enforce` reads the name, too. */
export const ofRepository = {
  params: ofProject.params.extend({
    repository_name: z.string().openapi({ description: 'URL-encoded once more: a%252Fb for a/b' }),
  }),
  headers: ofProject.headers,
} as const

/** A JSON body that has to be there. What is null is as if it were absent: clients of Harbor, in Go, mean it so. */
export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { 'application/json': { schema: z.preprocess((body) => withoutNulls(body), schema) } },
})

/** No document of this API is deeper; what is below stays as it is, for the schema to refuse. */
const MAX_DEPTH = 32

const withoutNulls = (value: unknown, depth = 0): unknown => {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  const within = (one: unknown): unknown => withoutNulls(one, depth + 1)
  if (Array.isArray(value)) return value.map(within)
  const entries = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(entries.map(([name, one]) => [name, within(one)]))
}

/** An answer in JSON. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** One page of a list, in JSON. */
export const jsonPage = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  headers: z.object({
    'X-Total-Count': z.string().openapi({ description: 'How many there are on all pages' }),
    Link: z.string().optional().openapi({ description: 'The previous and the next page' }),
  }),
  content: { 'application/json': { schema: z.array(schema) } },
})

const errorsSchema = z
  .object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })
  .openapi('Errors')

const MEANING = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Body too large',
  415: 'Body of another type',
  422: 'Absent, of another type, too small or too large',
} as const satisfies Readonly<Record<number, string>>

/** The errors that a route may answer, for its `responses`. */
export const errors = <Status extends keyof typeof MEANING>(...statuses: readonly Status[]) =>
  // The one assertion: fromEntries forgets which keys it was given.
  Object.fromEntries(
    statuses.map((status) => [status, json(errorsSchema, MEANING[status])]),
  ) as Readonly<Record<Status, ReturnType<typeof json<typeof errorsSchema>>>>
