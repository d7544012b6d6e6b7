import { CliError } from '../client.ts'
import { isTemporary, Temporary, withRetries } from '../remote/backoff.ts'
import { send } from '../remote/send.ts'
import { signedParts, type SignedPart, type SignedRequest } from './protocol.ts'
import type { Uploading } from './uploading.ts'

/** URLs asked for at a time: few enough that none expires before its turn. */
const PARTS_PER_PAGE = 32
const FORBIDDEN = 403
const NOT_FOUND = 404
const EXISTS = 412

/** Puts some bytes; what was counted of an attempt that failed is taken back. */
const put = async (
  { blob, limiter, remote, watch }: Uploading,
  { headers, url }: SignedRequest,
  start: number,
  end: number,
): Promise<number> =>
  await withRetries(remote.signal, async () => {
    let counted = 0
    const status = await limiter(
      async () =>
        await send({
          url: new URL(url, remote.url),
          ...{ method: 'PUT', headers, signal: remote.signal },
          body: blob.open(start, end),
          onBytes: (bytes) => {
            counted += bytes
            watch.sent(bytes)
          },
        }),
    ).catch((error: unknown) => {
      watch.sent(-counted)
      throw error
    })
    if (status < 300) return status
    watch.sent(-counted)
    if (isTemporary(status)) throw new Temporary(`the store answered ${status}`, {})
    return status
  }).catch((error: unknown) => {
    if (error instanceof Temporary) throw new CliError(error.message, { cause: error })
    throw error
  })

const refusedBytes = ({ blob }: Uploading, status: number): CliError =>
  new CliError(
    `the store refused ${blob.digest} (${status}); has the source changed since its digest was made?`,
  )

/** Puts the whole blob at once. `again`: the URL is good no more. */
export const sendWhole = async (
  uploading: Uploading,
  request: SignedRequest,
): Promise<'sent' | 'again'> => {
  const { sizeBytes } = uploading.blob
  const status = await put(uploading, request, 0, sizeBytes)
  // Taken: an earlier try has arrived, only its answer has not.
  if (status < 300 || status === EXISTS) return 'sent'
  if (status === FORBIDDEN) return 'again'
  throw refusedBytes(uploading, status)
}

/** Puts parts side by side, in pages; URLs that are good no more are asked for anew. */
export const sendParts = async (
  uploading: Uploading,
  path: string,
  numbers: readonly number[],
): Promise<void> => {
  let open = numbers
  let withoutGain = 0
  while (open.length > 0) {
    const page = open.slice(0, PARTS_PER_PAGE)
    const answer = await uploading.remote.ask('POST', `${path}/parts`, {
      body: JSON.stringify({ numbers: page }),
      contentType: 'application/json',
    })
    const { parts } = signedParts.parse(await answer.json())
    const results = await Promise.allSettled(
      parts.map(async (part) => ((await sendPart(uploading, part)) ? part.number : undefined)),
    )
    const sent = new Set<number | undefined>()
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      sent.add(result.value)
    }
    const left = open.filter((number) => !sent.has(number))
    withoutGain = left.length === open.length ? withoutGain + 1 : 0
    if (withoutGain > MAX_WITHOUT_GAIN) throw refusedBytes(uploading, FORBIDDEN)
    open = left
  }
}

const MAX_WITHOUT_GAIN = 2

/** False: its URL is good no more. */
const sendPart = async (uploading: Uploading, part: SignedPart): Promise<boolean> => {
  const status = await put(uploading, part, part.offset, part.offset + part.size)
  if (status < 300) return true
  // Unknown: the upload may be over; asking for other URLs tells.
  if (status === FORBIDDEN || status === NOT_FOUND) return false
  throw refusedBytes(uploading, status)
}
