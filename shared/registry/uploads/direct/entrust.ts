/** Verification by whoever works on messages, where a request has no time to read gigabytes. */
import { sendMessage, type WorkContext } from '../../../messages/messages.ts'
import { RegistryError } from '../../../oci/errors.ts'
import type { Queue } from '../../../ports.ts'
import { AGAIN, retry } from '../../../store/retry.ts'
import { key, type ObjectId } from '../../../table.ts'
import type { RegistryContext } from '../../context.ts'
import type { Hashing } from '../hashing.ts'
import { readDirectUpload, type DirectUpload } from './session.ts'
import { verifyDirectUpload } from './verify.ts'

/** So long a request waits for an end, so that what is soon over needs no second one. */
const WAIT_MS = 5_000
const FIRST_LOOK_MS = 100
const LONGEST_LOOK_MS = 1_000

/**
 * A pass writes down how far it is every 256 MiB, which are a few seconds. One that is silent for so long has ended, or
 * its message has not come yet: another one does no harm in either case.
 */
const SILENCE_MS = 60_000

const SERVER_ERROR = 500

export type Entrusted = {
  readonly context: RegistryContext
  readonly hashing: Hashing
  readonly queue: Queue
}

/**
 * Has an object read through by a message, and waits a while; to be called again until the upload is over. A message is
 * sent when nobody was asked yet, and again after a minute in which nothing was read.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN; DENIED when the quota has no room
 */
export const entrustVerification =
  ({ context, hashing, queue }: Entrusted) =>
  async (oid: ObjectId): Promise<void> => {
    const { clock } = context.store
    const until = clock.now() + WAIT_MS
    let wasWhole = false
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(LONGEST_LOOK_MS, waitMs * 2)) {
      const upload = await readDirectUpload(context, oid)
      if (upload.state !== 'UP' || upload.direct.phase !== 'verify') return
      const isWhole = upload.offset === upload.direct.sizeBytes
      if (isWhole && wasWhole) {
        // All of it was read, and whoever read it did not get further: the quota may have no room, which is said here.
        if (await verifyDirectUpload(context, hashing, oid, () => false)) return
      }
      wasWhole = isWhole
      if (isSilent(upload, clock.now())) await ask(context, queue, upload)
      if (clock.now() + waitMs > until) return
      await clock.sleep(waitMs)
    }
  }

const isSilent = ({ direct: { askedAt }, updatedAt = 0 }: DirectUpload, now: number): boolean =>
  askedAt === undefined || now - Math.max(askedAt, updatedAt) > SILENCE_MS

/**
 * Sent before it is noted: whoever falls over in between has it sent twice, and not never. The note leaves the version
 * of the session alone, or the pass that is under way would take it for another pass.
 */
const ask = async (
  { store }: RegistryContext,
  queue: Queue,
  { oid }: DirectUpload,
): Promise<void> => {
  await sendMessage(queue, 'verifyUpload', { oid })
  await retry(store, async () => {
    const outcome = await store.kv.write({
      op: 'update',
      key: key.object(oid),
      set: { askedAt: store.clock.now() },
      conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'state', value: 'UP' }],
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
}

/**
 * Works on such a message. What is not read when the process is about to end is for another message. What is the
 * client's fault, or its quota's, is no failure of the work: the client is told when it asks.
 */
export const takeOnVerification =
  ({ context, hashing, queue }: Entrusted) =>
  async (oid: ObjectId, { isEnding }: WorkContext): Promise<void> => {
    try {
      const isOver = await verifyDirectUpload(context, hashing, oid, () => !isEnding())
      if (!isOver && isEnding()) await sendMessage(queue, 'verifyUpload', { oid })
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status >= SERVER_ERROR) throw error
    }
  }
