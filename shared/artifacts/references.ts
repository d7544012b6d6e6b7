import * as z from 'zod'
import { isDigest, type Digest } from '../oci/digest.ts'

const platform = z.object({
  architecture: z.string().default(''),
  os: z.string().default(''),
  'os.version': z.string().optional(),
  'os.features': z.array(z.string()).optional(),
  variant: z.string().optional(),
})
const indexJson = z.object({
  manifests: z
    .array(
      z.object({
        digest: z.string().refine(isDigest),
        platform: platform.nullish().catch(undefined),
        annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
        urls: z.array(z.string()).nullish().catch(undefined),
      }),
    )
    .nullish(),
})

export type Platform = z.output<typeof platform>

/** A manifest that an index refers to. */
export type ChildReference = {
  readonly digest: Digest
  readonly platform: Platform | undefined
  readonly annotations: Readonly<Record<string, string>> | undefined
  readonly urls: readonly string[] | undefined
}

/** What an index refers to, in its order; empty for other manifests. */
export const referencesIn = (bytes: Uint8Array): readonly ChildReference[] => {
  const { manifests } = indexJson.parse(JSON.parse(Buffer.from(bytes).toString()))
  return (manifests ?? []).map(({ digest, platform: of, annotations, urls }) => ({
    digest: digest,
    platform: of ?? undefined,
    annotations: annotations ?? undefined,
    urls: urls ?? undefined,
  }))
}
