import { z } from '@hono/zod-openapi'
import type { CveAllowlist } from '../../../../shared/projects/cve-allowlist.ts'
import {
  METADATA_KEYS,
  parseMetadata,
  type ProjectMetadata,
} from '../../../../shared/projects/metadata.ts'

const text = z.string().nullish()

/** What describes a project to be made or to be; ids and times that clients send along are passed over. */
export const projectRequest = z
  .object({
    project_name: text,
    public: z.boolean().nullish(),
    metadata: z
      .object(Object.fromEntries(['public', ...METADATA_KEYS].map((name) => [name, text] as const)))
      .nullish(),
    cve_allowlist: z
      .object({
        items: z.array(z.object({ cve_id: z.string() })).nullish(),
        expires_at: z.int().nullish(),
      })
      .nullish(),
    storage_limit: z.int().nullish(),
    registry_id: z.int().nullish(),
  })
  .openapi('ProjectReq')

type ProjectRequest = z.output<typeof projectRequest>

/**
 * What a client wants a project to be. `metadata.public` counts before the older `public`; empty values are none.
 * @throws DomainError BAD_REQUEST for a value that its key does not know
 */
export const toProjectChange = (
  request: ProjectRequest,
): {
  readonly isPublic: boolean | undefined
  readonly metadata: ProjectMetadata
  readonly cveAllowlist: CveAllowlist | undefined
} => {
  const given = Object.entries(request.metadata ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [[name, value] as const] : [],
  )
  const { isPublic, metadata } = parseMetadata(Object.fromEntries(given))
  const list = request.cve_allowlist ?? undefined
  return {
    isPublic: isPublic ?? request.public ?? undefined,
    metadata,
    cveAllowlist:
      list === undefined
        ? undefined
        : {
            cves: (list.items ?? []).map((item) => item.cve_id),
            expiresAt: list.expires_at ?? undefined,
          },
  }
}
