import type { IncomingMessage } from 'node:http'
import type { Answer } from '../registry/http/answer.ts'

/** Whether new requests are welcome; turns false once, when the server begins to stop. */
export type Readiness = { readonly isReady: () => boolean }

const plain = (status: number, text: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' },
  body: `${text}\n`,
})

/**
 * `/livez`: the process answers. `/readyz`: it takes requests, 503 while it stops. They are not logged, for they are
 * asked all day long. `undefined`: another path.
 */
export const answerHealth = (
  { url }: IncomingMessage,
  { isReady }: Readiness,
): Answer | undefined => {
  if (url === '/livez') return plain(200, 'alive')
  if (url !== '/readyz') return undefined
  return isReady() ? plain(200, 'ready') : plain(503, 'stopping')
}
