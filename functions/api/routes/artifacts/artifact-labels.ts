import { z } from '@hono/zod-openapi'
import { attachLabel, detachLabel } from '../../../../shared/labels/attach.ts'
import type { ArtifactEntry } from '../../../../shared/artifacts/entries.ts'
import { fullReference } from '../../../../shared/oci/reference.ts'
import type { ListedRepository } from '../../../../shared/repositories/items.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { errors, idInPath, jsonBody, MAX_INTEGER } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { ARTIFACT, artifactOf, ofArtifact } from './artifact-request.ts'

const tags = ['artifact']

const labelRequest = z.object({ id: z.int().min(0).max(MAX_INTEGER) }).openapi('ArtifactLabelReq')
const ofLabel = {
  ...ofArtifact,
  params: ofArtifact.params.extend({ label_id: idInPath }),
} as const

/** The labels of an artifact. */
export const addArtifactLabels = (api: Api): void => {
  route(
    api,
    {
      method: 'post',
      path: `${ARTIFACT}/labels`,
      operationId: 'addLabel',
      summary: 'Put a label on an artifact',
      tags,
      request: { ...ofArtifact, body: jsonBody(labelRequest) },
      responses: {
        200: { description: 'Put on' },
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    { project: 'artifact-label:create' },
    async (c) => {
      const { repository, entry } = await artifactOf(c)
      const labelled = { ...entry, pid: repository.pid, rid: repository.rid }
      const { id } = c.req.valid('json')
      await attachLabel(await storeFor(c, repository, entry, `label ${id} put on`), labelled, id)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: `${ARTIFACT}/labels/{label_id}`,
      operationId: 'removeLabel',
      summary: 'Take a label off an artifact',
      tags,
      request: ofLabel,
      responses: { 200: { description: 'Taken off' }, ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'artifact-label:delete' },
    async (c) => {
      const { repository, entry } = await artifactOf(c)
      const labelled = { ...entry, pid: repository.pid, rid: repository.rid }
      const id = c.req.valid('param').label_id
      await detachLabel(await storeFor(c, repository, entry, `label ${id} taken off`), labelled, id)
      return c.body(null, 200)
    },
  )
}

const storeFor = async (
  c: ApiContext,
  { name, pid }: ListedRepository,
  { digest }: ArtifactEntry,
  description: string,
): Promise<Store> =>
  await auditedStore(c, {
    ...{ operation: 'update', resourceType: 'artifact', pid, description },
    resource: fullReference(name, { kind: 'digest', digest }),
  })
