import { CliError } from '../client.ts'
import { createLimiter, type Limiter } from '../../../shared/limiter.ts'
import { uploadBlob } from '../direct/upload-blob.ts'
import type { Uploading } from '../direct/uploading.ts'
import type { ImageSource, Manifest, PendingBlob, ReadyBlob } from '../images/source.ts'
import { RefusedError, type Remote } from '../remote/registry.ts'
import { shortDigest, type Progress, type Row } from './progress.ts'

/** Blobs that are made or sent at once. */
const BLOBS_AT_ONCE = 4

export type Pushing = {
  readonly remote: Remote
  readonly name: string
  readonly tag: string
  readonly source: ImageSource
  readonly progress: Progress
  /** Connections that carry bytes. */
  readonly jobs: number
  readonly way?: Uploading['way']
}

/**
 * Pushes an image: first its blobs, side by side, then its manifests. Whatever is there is not sent again, so a push that
 * broke goes on where it stopped. Answers the digest that the tag now leads to.
 * @throws CliError
 */
export const pushImage = async (pushing: Pushing): Promise<string> => {
  const { name, progress, remote, source, tag } = pushing
  await assertDirect(remote, name)
  const connections = createLimiter(pushing.jobs)
  const blobs = createLimiter(BLOBS_AT_ONCE)
  const sent = new Map<string, Promise<unknown>>()
  const results = await Promise.allSettled(
    source.blobs.map(async (blob): Promise<[PendingBlob, ReadyBlob]> => {
      const row = progress.row(`${blob.kind} ${shortDigest(blob.digest)}`)
      return [
        blob,
        await blobs(async () => await pushBlob({ ...pushing, connections, sent }, blob, row)),
      ]
    }),
  )
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  const ready = new Map(
    results.filter((result) => result.status === 'fulfilled').map(({ value }) => value),
  )
  const manifests = source.manifests(ready)
  const root = manifests.at(-1)
  if (root === undefined) throw new Error('an image without a manifest')
  for (const manifest of manifests.slice(0, -1)) {
    await putManifest(remote, name, manifest.digest, manifest)
  }
  await putManifest(remote, name, tag, root)
  return root.digest
}

const assertDirect = async (remote: Remote, name: string): Promise<void> => {
  try {
    await (await remote.ask('GET', `/v2/${name}/_direct`)).body?.cancel()
  } catch (error) {
    if (!(error instanceof RefusedError) || (error.status !== 404 && error.status !== 405)) {
      throw error
    }
    throw new CliError(`${remote.url} takes no direct uploads: it is no Roadstead, or an old one`, {
      cause: error,
    })
  }
}

type PushingBlob = Pushing & {
  readonly connections: Limiter
  /** By digest: images hold the same layer more than once. */
  readonly sent: Map<string, Promise<unknown>>
}

const pushBlob = async (
  { connections, name, remote, sent, way }: PushingBlob,
  blob: PendingBlob,
  row: Row,
): Promise<ReadyBlob> => {
  remote.signal.throwIfAborted()
  try {
    const ready = await blob.prepare({
      signal: remote.signal,
      read: (bytes) => {
        row.phase('compressing', blob.sourceBytes)
        row.add(bytes)
      },
      isThere: async (digest) => {
        const path = `/v2/${name}/blobs/${digest}`
        return (await remote.ask('HEAD', path, { expected: [404] })).status === 200
      },
    })
    const { digest, open, sizeBytes } = ready
    if (open === undefined) {
      row.done('is there already')
      return ready
    }
    row.phase('sending', sizeBytes)
    const watch: Uploading['watch'] = {
      sent: row.add,
      verified: (bytes) => {
        row.phase('verifying')
        row.set(bytes)
      },
    }
    const upload = async () =>
      await uploadBlob({
        ...{ remote, name, limiter: connections, watch, way },
        blob: { digest, sizeBytes, open },
      })
    const running = sent.get(digest) ?? upload()
    sent.set(digest, running)
    row.done((await running) === 'present' ? 'is there already' : 'pushed')
    return ready
  } finally {
    await blob.release()
  }
}

const putManifest = async (
  remote: Remote,
  name: string,
  reference: string,
  { bytes, mediaType }: Manifest,
): Promise<void> => {
  const answer = await remote.ask('PUT', `/v2/${name}/manifests/${reference}`, {
    body: bytes,
    contentType: mediaType,
  })
  await answer.body?.cancel()
}
