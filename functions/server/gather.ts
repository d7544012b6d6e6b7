import type { IncomingMessage } from 'node:http'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import { free } from './free.ts'
import { endOfTurn } from './turn.ts'

/** The client is asked to wait when so many bytes have come that nobody has taken. */
const MAX_WAITING_BYTES = 1024 * 1024

type Waiting = {
  pieces: Uint8Array[]
  bytes: number
  isOver: boolean
  failure?: Error
  /** Called when anything has changed. */
  wake: () => void
}

/**
 * A body in batches: whatever came in one turn of the event loop at once. Clients send pieces of 16 or 32 KiB, and a
 * promise for each of them cost more than their hash.
 * @throws Error when the client goes away in the middle, after what did come
 */
export const gather = async function* (incoming: IncomingMessage): Batches {
  const waiting: Waiting = {
    pieces: [],
    bytes: 0,
    isOver: incoming.readableEnded,
    wake: () => undefined,
    // Whoever comes after the end of the connection hears nothing more of it.
    ...(incoming.destroyed && !incoming.readableEnded ? { failure: gone() } : {}),
  }
  const stop = listen(incoming, waiting)
  try {
    for (;;) {
      const { pieces, failure, isOver } = waiting
      if (pieces.length > 0) {
        waiting.pieces = []
        waiting.bytes = 0
        incoming.resume()
        yield pieces
        for (const piece of pieces) free(piece)
      } else if (failure !== undefined) {
        throw failure
      } else if (isOver) {
        return
      } else {
        await new Promise<void>((resolve) => (waiting.wake = resolve))
        await endOfTurn()
      }
    }
  } finally {
    stop()
    incoming.pause()
  }
}

const gone = (): Error => new Error('the client went away in the middle of the body')

/** Keeps `waiting` up to date; answers how to stop that. */
const listen = (incoming: IncomingMessage, waiting: Waiting): (() => void) => {
  const take = (piece: Uint8Array): void => {
    waiting.pieces.push(piece)
    waiting.bytes += piece.byteLength
    if (waiting.bytes >= MAX_WAITING_BYTES) incoming.pause()
    waiting.wake()
  }
  const end = (): void => {
    waiting.isOver = true
    waiting.wake()
  }
  const fail = (error: Error): void => {
    waiting.failure ??= error
    waiting.wake()
  }
  const close = (): void => {
    if (!waiting.isOver) fail(gone())
  }
  const change = (how: 'off' | 'on'): void => {
    incoming[how]('data', take)[how]('end', end)[how]('error', fail)[how]('close', close)
  }
  change('on')
  return () => {
    change('off')
  }
}
