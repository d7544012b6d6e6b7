import { setTimeout as wait } from 'node:timers/promises'
import { CliError } from '../client.ts'
import { RefusedError } from '../remote/registry.ts'
import { retryAfter } from '../remote/backoff.ts'
import { missingParts, standing, type Standing } from './protocol.ts'
import { sendParts, sendWhole } from './send-bytes.ts'
import type { Uploading } from './uploading.ts'

/** A session may be ended by somebody who shares it, and its URLs may expire; so often it is begun again. */
const MAX_SESSIONS = 5
const LONGEST_WAIT_MS = 2_000
const FIRST_WAIT_MS = 100

/**
 * Brings a blob into a repository by a direct upload; goes on with one that was left. `present`: it was there.
 * @throws CliError
 */
export const uploadBlob = async (uploading: Uploading): Promise<'present' | 'uploaded'> => {
  const { blob, name, remote, way } = uploading
  for (let begun = 0; begun < MAX_SESSIONS; begun += 1) {
    const answer = await remote.ask('POST', `/v2/${name}/_direct`, {
      body: JSON.stringify({ digest: blob.digest, size: blob.sizeBytes, way }),
      contentType: 'application/json',
    })
    const session = standing.parse(await answer.json())
    if (session.state === 'present') return begun === 0 ? 'present' : 'uploaded'
    try {
      if ((await bring(uploading, session)) === 'done') return 'uploaded'
    } catch (error) {
      // It is over: somebody else has finished, or cancelled it.
      if (!(error instanceof RefusedError) || error.status !== 404) throw error
    }
  }
  throw new CliError(`the upload of ${blob.digest} was begun ${MAX_SESSIONS} times and ended early`)
}

/** `again`: the session is of no more use. */
const bring = async (uploading: Uploading, session: Standing): Promise<'done' | 'again'> => {
  const { name, remote } = uploading
  const { parts = 0, put, upload = '' } = session
  const path = `/v2/${name}/_direct/${upload}`
  let left = missing(session, parts)
  if (session.state === 'open' && put !== undefined) {
    if ((await sendWhole(uploading, put)) === 'again') return 'again'
  }
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    if (left.length > 0) await sendParts(uploading, path, left)
    left = []
    try {
      const finished = await remote.ask('POST', `${path}/finish`)
      if (finished.status !== 202) {
        await finished.body?.cancel()
        return 'done'
      }
      uploading.watch.verified(standing.parse(await finished.json()).verified ?? 0)
      const asked = retryAfter(finished.headers.get('Retry-After')) ?? waitMs
      await wait(Math.min(asked, waitMs), undefined, { signal: remote.signal })
    } catch (error) {
      const named = error instanceof RefusedError ? missingParts.safeParse(error.detail) : undefined
      // Parts that the store has lost, or never had: it says which.
      if (named?.success !== true || named.data.missing.length === 0) throw error
      left = named.data.missing
    }
  }
}

/** The numbers of parts that are not there. */
const missing = ({ have = [], state }: Standing, parts: number): readonly number[] => {
  if (state !== 'open') return []
  const there = new Set(
    have.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    ),
  )
  return Array.from({ length: parts }, (_, index) => index + 1).filter((each) => !there.has(each))
}
