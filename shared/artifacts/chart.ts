/** What lies in a Helm chart. Nothing is ever written to a disk, and whatever is unpacked has an end. */
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Header } from 'tar-stream'
import { DomainError } from '../errors.ts'
import { findBlob } from '../registry/blobs/find.ts'
import type { RegistryContext } from '../registry/context.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { openBlob } from './blob.ts'
import { readOwnManifest } from './config.ts'
import type { ArtifactEntry } from './entries.ts'
import { noArtifact } from './find.ts'

const CHART_LAYERS: ReadonlySet<string> = new Set([
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  'application/tar+gzip',
])

const MIB = 1024 * 1024
/** Helm takes no larger ones either (`MaxDecompressedChartSize`, `MaxDecompressedFileSize`). */
const MAX_UNPACKED_BYTES = 100 * MIB
const MAX_FILE_BYTES = 5 * MIB
const MAX_PACKED_BYTES = 50 * MIB
const MAX_ENTRIES = 10_000

export type ChartFile = { readonly name: string; readonly sizeBytes: number }

/** The files of a chart, in the order of the archive. */
export const listChartFiles = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
): Promise<readonly ChartFile[]> => {
  const files: ChartFile[] = []
  await walkChart(context, repository, entry, ({ header: { name, size, type } }) => {
    if (type === 'file') files.push({ name, sizeBytes: size })
    return Promise.resolve('go on')
  })
  return files
}

/**
 * A file of the chart itself, not of one that it brings along; the case of its name says nothing.
 * @throws DomainError NOT_FOUND
 */
export const readChartFile = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
  wanted: string,
): Promise<Uint8Array> => {
  let content: Uint8Array | undefined
  await walkChart(context, repository, entry, async (file) => {
    const { name, size, type } = file.header
    const [, inside] = /^[^/]+\/([^/]+)$/.exec(name.replace(/^\.\//, '')) ?? []
    if (type !== 'file' || inside?.toLowerCase() !== wanted) return 'go on'
    if (size > MAX_FILE_BYTES) throw tooLarge(`${wanted} has more than ${MAX_FILE_BYTES} bytes`)
    const pieces: Uint8Array[] = []
    for await (const piece of file) pieces.push(toBytes(piece))
    content = Buffer.concat(pieces)
    return 'enough'
  })
  if (content === undefined) throw new DomainError('NOT_FOUND', `the chart has no ${wanted}`)
  return content
}

type Entry = AsyncIterable<unknown> & { readonly header: Header }
type Visit = (entry: Entry) => Promise<'go on' | 'enough'>

const walkChart = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
  visit: Visit,
): Promise<void> => {
  const { extract } = await import('tar-stream')
  const archive = extract()
  const unpacked = pipeline(
    Readable.from(await openLayer(context, repository, entry)),
    createGunzip(),
    atMost(MAX_UNPACKED_BYTES),
    archive,
  )
  // Whoever reads the entries is told by the archive; this would be nobody's otherwise.
  const outcome = unpacked.catch((error: unknown) => error)
  try {
    let seen = 0
    for await (const file of archive) {
      seen += 1
      if (seen > MAX_ENTRIES) throw tooLarge(`the chart has more than ${MAX_ENTRIES} entries`)
      if ((await visit(file)) === 'enough') return
      file.resume()
    }
  } catch (error) {
    if (error instanceof DomainError) throw error
    const cause = (await outcome) ?? error
    throw cause instanceof DomainError ? cause : unreadable(cause)
  } finally {
    archive.destroy()
  }
}

const openLayer = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
): Promise<AsyncIterable<Uint8Array>> => {
  const manifest = await readOwnManifest(context, repository, entry)
  const { digest } = entry
  if (manifest === undefined) throw noArtifact(repository.name, { kind: 'digest', digest })
  const layer = manifest.blobs.find(({ mediaType }) => CHART_LAYERS.has(mediaType))
  if (layer === undefined) throw new DomainError('NOT_FOUND', 'the chart has no content')
  const blob = await findBlob(context, repository.name, layer.digest)
  if (blob.sizeBytes > MAX_PACKED_BYTES) {
    throw tooLarge(`the chart has more than ${MAX_PACKED_BYTES} bytes`)
  }
  return await openBlob(context, layer.digest, blob)
}

/** Ends a stream that goes on for too long, as one does that was packed to. */
const atMost = (maxBytes: number): Transform => {
  let passed = 0
  return new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      passed += chunk.byteLength
      if (passed > maxBytes) done(tooLarge(`the chart unpacks to more than ${maxBytes} bytes`))
      else done(null, chunk)
    },
  })
}

const toBytes = (piece: unknown): Uint8Array =>
  piece instanceof Uint8Array ? piece : Buffer.from(String(piece))

const tooLarge = (message: string): DomainError => new DomainError('BAD_REQUEST', message)

const unreadable = (cause: unknown): DomainError =>
  new DomainError('BAD_REQUEST', 'the chart cannot be unpacked', { cause })
