/** What the config of an artifact says; whatever is not as it should be is as if it were not there. */
import * as z from 'zod'
import { DomainError } from '../errors.ts'
import { RegistryError } from '../oci/errors.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import { isImageManifest } from '../oci/media-types.ts'
import type { RegistryContext } from '../registry/context.ts'
import { readStored } from '../registry/manifests/get.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { readSmallBlob } from './blob.ts'
import type { ArtifactEntry } from './entries.ts'
import { typeOf } from './type.ts'

const MAX_CONFIG_BYTES = 4 * 1024 * 1024

const text = z.string().optional().catch(undefined)
const imageConfig = z.object({
  architecture: text,
  os: text,
  author: text,
  created: text,
  config: z.record(z.string(), z.unknown()).nullish().catch(undefined),
})
const history = z.object({
  history: z
    .array(
      z.object({
        created: text,
        created_by: text,
        author: text,
        comment: text,
        empty_layer: z.boolean().optional().catch(undefined),
      }),
    )
    .nullish()
    .catch(undefined),
})
const anyJson = z.record(z.string(), z.unknown())

export type BuildStep = NonNullable<z.output<typeof history>['history']>[number]

/** What Harbor shows of an artifact besides what it shows of all: platform and author of an image, a chart's metadata. */
export const readExtraAttributes = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
): Promise<Readonly<Record<string, unknown>>> => {
  const type = typeOf(entry)
  if (type !== 'IMAGE' && type !== 'CHART') return {}
  const json = await readConfig(context, repository, entry)
  if (type === 'CHART') return anyJson.safeParse(json).data ?? {}
  const { data } = imageConfig.safeParse(json)
  return data === undefined ? {} : withoutAbsent(data)
}

/** The steps by which an image was built, the oldest first. */
export const readBuildHistory = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
): Promise<readonly BuildStep[]> =>
  history.safeParse(await readConfig(context, repository, entry)).data?.history ?? []

/** A manifest as it was pushed; `undefined`: it is gone. */
export const readOwnManifest = async (
  context: RegistryContext,
  { rid }: ListedRepository,
  { digest }: ArtifactEntry,
): Promise<(Manifest & { readonly bytes: Uint8Array }) | undefined> => {
  const stored = await readStored(context, rid, digest, 'strong')
  if (stored === undefined) return undefined
  return { ...parseManifest(stored.bytes, stored.mediaType), bytes: stored.bytes }
}

const readConfig = async (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
): Promise<unknown> => {
  if (!isImageManifest(entry.mediaType)) return undefined
  const manifest = await readOwnManifest(context, repository, entry)
  if (manifest?.config === undefined) return undefined
  const { digest } = manifest.config
  try {
    const bytes = await readSmallBlob(context, repository.name, digest, MAX_CONFIG_BYTES)
    const json: unknown = JSON.parse(Buffer.from(bytes).toString())
    return json
  } catch (error) {
    // Too large, missing where a registry may be sparse, or no JSON: nothing that we could tell.
    if (error instanceof DomainError || error instanceof RegistryError) return undefined
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const withoutAbsent = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  )
