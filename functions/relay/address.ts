import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Whom a request behind a load balancer comes from: the load balancer appends who asked it (Elastic Load Balancing, "HTTP
 * headers and Application Load Balancers"); what stands before that was said by the client, and may be anything.
 */
export const addressBehindBalancer = ({ headers, socket }: IncomingMessage): string => {
  const forwarded = headers['x-forwarded-for']
  const text = typeof forwarded === 'string' ? forwarded : (forwarded?.at(-1) ?? '')
  const last = text.split(',').at(-1)?.trim() ?? ''
  return isIP(last) === 0 ? (socket.remoteAddress ?? '') : last
}
