import * as z from 'zod'

const line = z.object({
  level: z.string(),
  method: z.string().optional(),
  path: z.string().optional(),
  status: z.number().optional(),
  message: z.string().optional(),
})

/**
 * What well-behaved clients are answered while all is well: done; redirected or partial; who are you; not there, which
 * they ask for before they push.
 */
const EXPECTED_STATUSES: ReadonlySet<number> = new Set([
  ...[200, 201, 202, 204, 206, 307, 401, 404],
])

/** What the log of a server tells that must not happen: errors of its own, and answers that no client here asks for. */
export const suspicious = (log: readonly string[]): readonly string[] =>
  log.filter((text) => {
    if (!text.startsWith('{')) return false
    const { level, status } = line.parse(JSON.parse(text))
    return level === 'error' || (status !== undefined && !EXPECTED_STATUSES.has(status))
  })

/** How many requests were answered. */
export const requestsIn = (log: readonly string[]): number =>
  log.filter((text) => text.startsWith('{') && text.includes('"status":')).length

/** How many blobs were mounted instead of sent. */
export const mountsIn = (log: readonly string[]): number =>
  log.filter((text) => {
    if (!text.startsWith('{')) return false
    const { method, path, status } = line.parse(JSON.parse(text))
    return method === 'POST' && status === 201 && path?.endsWith('/blobs/uploads/') === true
  }).length
