import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../../shared/oci/errors.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import { gather } from './gather.ts'

/** A body may pause this long; then its connection is worth more to somebody else. */
const IDLE_MS = 60_000
/** A body that drips has to bring this much in every window, or it is holding a connection for its own sake. */
const WINDOW_MS = 60_000
const MIN_WINDOW_BYTES = 4 * 1024

export type BodyTimes = {
  readonly idleMs: number
  readonly windowMs: number
  readonly minWindowBytes: number
}

export const BODY_TIMES: BodyTimes = {
  idleMs: IDLE_MS,
  windowMs: WINDOW_MS,
  minWindowBytes: MIN_WINDOW_BYTES,
}

/**
 * The body of a request, given up when it comes too slowly.
 * @throws RegistryError BLOB_UPLOAD_INVALID (408) when it does; Error when the client goes away in the middle
 */
export const timedBody = async function* (
  incoming: IncomingMessage,
  times: BodyTimes = BODY_TIMES,
): Batches {
  // A request that was given up no longer knows its socket.
  const { socket } = incoming
  let windowStart = Date.now()
  let windowBytes = 0
  // Not destroyed but told of an error: the reader stops, and the socket still carries the answer.
  const giveUp = (): void => {
    incoming.emit('error', tooSlow())
  }
  incoming.setTimeout(times.idleMs, giveUp)
  try {
    for await (const batch of gather(incoming)) {
      for (const { byteLength } of batch) windowBytes += byteLength
      const now = Date.now()
      if (now - windowStart > times.windowMs) {
        if (windowBytes < times.minWindowBytes) throw tooSlow()
        windowStart = now
        windowBytes = 0
      }
      yield batch
    }
  } finally {
    socket.setTimeout(0)
    incoming.off('timeout', giveUp)
  }
}

const tooSlow = (): RegistryError =>
  new RegistryError('BLOB_UPLOAD_INVALID', {
    status: 408,
    message: 'the body came too slowly; try again, or go on with the upload where it stands',
    headers: { Connection: 'close' },
  })
