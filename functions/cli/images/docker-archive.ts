import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { digestOf } from '../../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../../shared/oci/media-types.ts'
import { CliError } from '../client.ts'
import { gzipInto, hashOf } from './compress.ts'
import type { Files } from './files.ts'
import { findKnownLayer, rememberLayer } from './known-layers.ts'
import { readFileRange, type ImageSource, type PendingBlob, type ReadyBlob } from './source.ts'

const archive = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()),
  }),
)
const config = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) })

const CONFIG = 'application/vnd.docker.container.image.v1+json'
const GZIPPED = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd'
const MAGIC_BYTES = 4

/**
 * The image of an archive that `docker save` has written. Its layers are plain tars, for the most part; registries are
 * given them compressed by gzip, as `docker push` does it.
 * @throws CliError
 */
export const openDockerArchive = async (
  files: Files,
  what: string,
  name: string | undefined,
  scratch: string,
): Promise<ImageSource> => {
  const entry = choose(archive.parse(await readJson(files, 'manifest.json')), what, name)
  const configBytes = await files.read(entry.Config)
  const { diff_ids: diffIds } = config.parse(JSON.parse(configBytes.toString('utf8'))).rootfs
  if (diffIds.length !== entry.Layers.length) {
    throw new CliError(`${what} is damaged: its layers are not those of its configuration`)
  }
  const configBlob = configOf(configBytes, files, entry.Config)
  const layers = await Promise.all(
    entry.Layers.map(async (path, index) =>
      layerOf(
        { files, path, what, diffId: diffIds[index] ?? '', index, scratch },
        await sizeOf(files, what, path),
      ),
    ),
  )
  return {
    blobs: [configBlob, ...layers],
    manifests: (ready) => {
      const of = (blob: PendingBlob): ReadyBlob => {
        const found = ready.get(blob)
        if (found === undefined) throw new Error('a blob was not made ready')
        return found
      }
      const descriptor = ({ digest, mediaType, sizeBytes }: ReadyBlob) => ({
        ...{ mediaType, size: sizeBytes, digest },
      })
      const isOci = layers.some((layer) => of(layer).mediaType === ZSTD)
      const mediaType = isOci ? MEDIA_TYPE.imageManifest : MEDIA_TYPE.dockerManifest
      const bytes = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType,
          config: descriptor(of(configBlob)),
          layers: layers.map((layer) => descriptor(of(layer))),
        }),
      )
      const digest = digestOf(bytes)
      return [{ digest, mediaType, bytes }]
    },
    close: () => Promise.resolve(),
  }
}

type Entry = z.infer<typeof archive>[number]

const choose = (entries: readonly Entry[], what: string, name: string | undefined): Entry => {
  const found =
    name === undefined ? entries : entries.filter(({ RepoTags }) => RepoTags?.includes(name))
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const known = entries.flatMap(({ RepoTags }) => RepoTags ?? []).join(', ')
  throw new CliError(
    first === undefined
      ? `${what} holds no image named ${name ?? ''} (it has: ${known})`
      : `${what} holds several images; name one of: ${known}`,
  )
}

const readJson = async (files: Files, path: string): Promise<unknown> =>
  JSON.parse((await files.read(path)).toString('utf8'))

const sizeOf = async (files: Files, what: string, path: string): Promise<number> => {
  const sizeBytes = await files.sizeOf(path)
  if (sizeBytes === undefined) throw new CliError(`${what} holds no ${path}`)
  return sizeBytes
}

const nothing = (): Promise<void> => Promise.resolve()

const configOf = (bytes: Buffer, files: Files, path: string): PendingBlob => {
  const digest = digestOf(bytes)
  const sizeBytes = bytes.byteLength
  return {
    ...{ kind: 'config', digest, sourceBytes: sizeBytes },
    prepare: async () =>
      await Promise.resolve({
        ...{ digest, sizeBytes, mediaType: CONFIG },
        open: (start, end) => files.open(path, start, end),
      }),
    release: nothing,
  }
}

type Layer = {
  readonly files: Files
  readonly path: string
  readonly what: string
  readonly diffId: string
  readonly index: number
  readonly scratch: string
}

const layerOf = (layer: Layer, sourceBytes: number): PendingBlob => {
  const { diffId, files, index, path, scratch, what } = layer
  const made = join(scratch, `layer-${index}.tar.gz`)
  return {
    ...{ kind: 'layer', digest: diffId, sourceBytes },
    release: async () => {
      await rm(made, { force: true })
    },
    prepare: async ({ isThere, read, signal }) => {
      const open = (start: number, end: number) => files.open(path, start, end)
      const mediaType = await compressionOf(open(0, Math.min(MAGIC_BYTES, sourceBytes)))
      if (mediaType !== undefined) {
        const digest = await hashOf(open(0, sourceBytes), signal, read)
        return { digest, sizeBytes: sourceBytes, mediaType, open }
      }
      const known = await findKnownLayer(diffId)
      if (known !== undefined && (await isThere(known.digest))) {
        return { digest: known.digest, sizeBytes: known.size, mediaType: GZIPPED }
      }
      const gzipped = await gzipInto(open(0, sourceBytes), made, signal, read)
      if (gzipped.sourceDigest !== diffId) {
        throw new CliError(`${path} in ${what} is damaged: it is not what the configuration says`)
      }
      const { digest, sizeBytes } = gzipped
      await rememberLayer(diffId, { digest, size: sizeBytes })
      return {
        ...{ digest, sizeBytes, mediaType: GZIPPED },
        open: (start, end) => readFileRange(made, start, end),
      }
    },
  }
}

/** The media type of a layer that is compressed already; `undefined`: it is not. */
const compressionOf = async (source: ReturnType<Files['open']>): Promise<string | undefined> => {
  const pieces: Buffer[] = []
  for await (const piece of source) if (Buffer.isBuffer(piece)) pieces.push(piece)
  const magic = Buffer.concat(pieces).toString('hex')
  if (magic.startsWith('1f8b')) return GZIPPED
  return magic === '28b52ffd' ? ZSTD : undefined
}
