import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  isImageIndex,
  isImageManifest,
  isNondistributable,
} from '../../../shared/oci/media-types.ts'
import { isDigest } from '../../../shared/oci/digest.ts'
import { CliError } from '../client.ts'
import type { Files } from './files.ts'
import type { ImageSource, Manifest, PendingBlob } from './source.ts'

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'no digest that is known here'),
  size: z.number(),
  annotations: z.record(z.string(), z.string()).optional(),
})
type Descriptor = z.infer<typeof descriptor>

const index = z.object({ manifests: z.array(descriptor) })
const image = z.object({ config: descriptor, layers: z.array(descriptor) })

const REF_NAME = 'org.opencontainers.image.ref.name'
const CONTAINERD_NAME = 'io.containerd.image.name'

/** The image of an OCI layout under a name, or its only one. */
export const openLayout = async (
  files: Files,
  what: string,
  name: string | undefined,
): Promise<ImageSource> => {
  const { manifests: entries } = parse(index, await files.read('index.json'), 'index.json')
  const root = choose(entries, what, name)
  const manifests: Manifest[] = []
  const blobs = new Map<string, PendingBlob>()

  const addBlob = async (kind: PendingBlob['kind'], blob: Descriptor): Promise<void> => {
    if (blobs.has(blob.digest)) return
    const path = pathOf(blob.digest)
    const sizeBytes = await files.sizeOf(path)
    // Neither the layout nor a registry need have those.
    if (sizeBytes === undefined && isNondistributable(blob.mediaType)) return
    if (sizeBytes !== blob.size) {
      throw new CliError(
        `${path} in ${what} has ${sizeBytes ?? 'no'} bytes instead of ${blob.size}`,
      )
    }
    const { digest, mediaType } = blob
    blobs.set(digest, {
      ...{ kind, digest, sourceBytes: sizeBytes },
      prepare: async () =>
        await Promise.resolve({
          ...{ digest, mediaType, sizeBytes },
          open: (start, end) => files.open(path, start, end),
        }),
      release: () => Promise.resolve(),
    })
  }

  const walk = async ({ digest, mediaType }: Descriptor): Promise<void> => {
    if (manifests.some((known) => known.digest === digest)) return
    const bytes = await files.read(pathOf(digest))
    if (
      !digest.endsWith(
        createHash(digest.split(':')[0] ?? '')
          .update(bytes)
          .digest('hex'),
      )
    ) {
      throw new CliError(`${pathOf(digest)} in ${what} is damaged`)
    }
    if (isImageIndex(mediaType)) {
      for (const child of parse(index, bytes, digest).manifests) await walk(child)
    } else if (isImageManifest(mediaType)) {
      const { config, layers } = parse(image, bytes, digest)
      await addBlob('config', config)
      for (const layer of layers) await addBlob('layer', layer)
    } else {
      throw new CliError(`${digest} in ${what} is ${mediaType}, which is no image and no index`)
    }
    manifests.push({ digest, mediaType, bytes })
  }

  await walk(root)
  return {
    blobs: [...blobs.values()],
    manifests: () => manifests,
    close: () => Promise.resolve(),
  }
}

const choose = (
  entries: readonly Descriptor[],
  what: string,
  name: string | undefined,
): Descriptor => {
  const namesOf = ({ annotations = {} }: Descriptor): readonly (string | undefined)[] => [
    annotations[REF_NAME],
    annotations[CONTAINERD_NAME],
  ]
  const found = name === undefined ? entries : entries.filter((one) => namesOf(one).includes(name))
  const [first, second] = found
  if (first !== undefined && (second === undefined || first.digest === second.digest)) return first
  const known = entries.flatMap((one) => namesOf(one)[0] ?? []).join(', ')
  throw new CliError(
    first === undefined
      ? `${what} holds no image ${name === undefined ? '' : `named ${name} `}(it has: ${known})`
      : `${what} holds several images; name one of: ${known}`,
  )
}

const pathOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`

const parse = <S extends z.ZodType>(schema: S, bytes: Uint8Array, what: string): z.output<S> => {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (error) {
    throw new CliError(`${what} is not what an OCI layout has there`, { cause: error })
  }
}
