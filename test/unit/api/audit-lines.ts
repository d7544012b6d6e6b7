import { z } from 'zod'

const entry = z.object({
  username: z.string(),
  operation: z.string(),
  resource_type: z.string(),
  resource: z.string(),
  operation_description: z.string(),
})

/** The entries of an answer of the audit log, the oldest first, a line each. */
export const auditLines = async (answer: Promise<Response>): Promise<readonly string[]> => {
  const body: unknown = await (await answer).json()
  return z
    .array(entry)
    .parse(body)
    .map((one) =>
      [one.username, one.operation, one.resource_type, one.resource, one.operation_description]
        .join(' ')
        .trim(),
    )
    .reverse()
}
