import { createHash, randomUUID, type Hash } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'

/** An upload as its client sees it; its bytes are in a file until the digest is known. */
export type Session = {
  readonly id: string
  readonly name: string
  readonly file: string
  readonly handle: FileHandle
  readonly hash: Hash
  sizeBytes: number
  /** A request of it is under way. */
  isBusy: boolean
  usedAt: number
}

const IDLE_MS = 6 * 60 * 60 * 1000

/** The uploads that clients have begun, in a directory. */
export const createSessions = (directory: string) => {
  const sessions = new Map<string, Session>()

  const end = async (session: Session): Promise<void> => {
    sessions.delete(session.id)
    await session.handle.close().catch(() => undefined)
    await rm(session.file, { force: true })
  }

  return {
    begin: async (name: string): Promise<Session> => {
      for (const session of sessions.values()) {
        if (!session.isBusy && Date.now() - session.usedAt > IDLE_MS) await end(session)
      }
      const id = randomUUID()
      const file = join(directory, id)
      const handle = await open(file, 'wx+', 0o600)
      const session: Session = {
        ...{ id, name, file, handle, hash: createHash('sha256') },
        ...{ sizeBytes: 0, isBusy: false, usedAt: Date.now() },
      }
      sessions.set(id, session)
      return session
    },
    find: (id: string, name: string): Session | undefined => {
      const session = sessions.get(id)
      return session?.name === name ? session : undefined
    },
    end,
  }
}

/** Adds the bytes of a request. What came of one that breaks off counts. */
export const append = async (session: Session, incoming: IncomingMessage): Promise<void> => {
  for await (const piece of incoming) {
    const bytes: unknown = piece
    if (!(bytes instanceof Uint8Array)) throw new Error('the request is no stream of bytes')
    for (let at = 0; at < bytes.byteLength;) {
      const left = bytes.byteLength - at
      at += (await session.handle.write(bytes, at, left, session.sizeBytes + at)).bytesWritten
    }
    session.hash.update(bytes)
    session.sizeBytes += bytes.byteLength
    session.usedAt = Date.now()
  }
}
