import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Whom a request behind a proxy comes from: the proxy appends who asked it (nginx, `$proxy_add_x_forwarded_for`; Elastic
 * Load Balancing, "HTTP headers and Application Load Balancers"); what stands before that was said by the client, and may
 * be anything.
 */
export const addressBehindProxy = ({ headers, socket }: IncomingMessage): string => {
  const forwarded = headers['x-forwarded-for']
  const text = typeof forwarded === 'string' ? forwarded : (forwarded?.at(-1) ?? '')
  const last = text.split(',').at(-1)?.trim() ?? ''
  return isIP(last) === 0 ? (socket.remoteAddress ?? '') : last
}
