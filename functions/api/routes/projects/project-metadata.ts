import { z } from '@hono/zod-openapi'
import type { AuditEvent, Operation } from '../../../../shared/audit/entry.ts'
import { DomainError } from '../../../../shared/errors.ts'
import {
  isMetadataKey,
  parseMetadata,
  shownMetadata,
  type MetadataKey,
} from '../../../../shared/projects/metadata.ts'
import { addMetadata, removeMetadata, updateProject } from '../../../../shared/projects/update.ts'
import { projectOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { errors, json, jsonBody, ofProject } from '../../http/schemas.ts'
import { route } from '../../route.ts'

const PATH = '/projects/{project_name_or_id}/metadatas'
const ONE = `${PATH}/{meta_name}`
const tags = ['projectMetadata']

const PUBLIC = 'public'

const metadata = z.record(z.string(), z.string()).openapi('ProjectMetadatas')
const changed = { 200: { description: 'Done' } } as const
const ofMetadata = {
  ...ofProject,
  params: ofProject.params.extend({ meta_name: z.string() }),
} as const

/** What a project decides for itself, key by key. Harbor's paths end in a slash; who forgets it is understood. */
export const addProjectMetadata = (api: Api): void => {
  addAll(api, `${PATH}/`, '')
  addAll(api, PATH, 'WithoutSlash')

  route(
    api,
    {
      method: 'get',
      path: ONE,
      operationId: 'getProjectMetadata',
      summary: 'One key of the metadata',
      tags,
      request: ofMetadata,
      responses: { 200: json(metadata, 'The key'), ...errors(401, 403, 404) },
    },
    { project: 'metadata:read' },
    (c) => {
      const name = c.req.valid('param').meta_name
      const value = new Map(Object.entries(shownMetadata(projectOf(c).project))).get(name)
      if (value === undefined) throw new DomainError('NOT_FOUND', `${name} is not set`)
      return c.json({ [name]: value }, 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: ONE,
      operationId: 'updateProjectMetadata',
      summary: 'Set one key of the metadata',
      tags,
      request: { ...ofMetadata, body: jsonBody(metadata) },
      responses: { ...changed, ...errors(400, 401, 403, 404, 413, 415, 422) },
    },
    { project: 'metadata:update' },
    async (c) => {
      const name = c.req.valid('param').meta_name
      const value = new Map(Object.entries(c.req.valid('json'))).get(name)
      if (value === undefined) {
        throw new DomainError('BAD_REQUEST', 'the body names the same key as the path')
      }
      const change = parseMetadata({ [name]: value })
      const store = await auditedStore(c, doneTo(c, 'update', name))
      await updateProject(store, projectOf(c).project.pid, change)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: ONE,
      operationId: 'deleteProjectMetadata',
      summary: 'Remove one key of the metadata',
      tags,
      request: ofMetadata,
      responses: { ...changed, ...errors(400, 401, 403, 404) },
    },
    { project: 'metadata:delete' },
    async (c) => {
      const name = c.req.valid('param').meta_name
      if (name === PUBLIC) throw new DomainError('BAD_REQUEST', 'public is true or false')
      if (!isMetadataKey(name)) throw new DomainError('NOT_FOUND', 'no such metadata')
      const store = await auditedStore(c, doneTo(c, 'delete', name))
      await removeMetadata(store, projectOf(c).project.pid, name)
      return c.body(null, 200)
    },
  )
}

const addAll = (api: Api, path: typeof PATH | `${typeof PATH}/`, suffix: string): void => {
  route(
    api,
    {
      method: 'get',
      path,
      operationId: `listProjectMetadatas${suffix}`,
      summary: 'All of the metadata',
      tags,
      request: ofProject,
      responses: { 200: json(metadata, 'The keys that are set'), ...errors(401, 403, 404) },
    },
    { project: 'metadata:list' },
    (c) => c.json(shownMetadata(projectOf(c).project), 200),
  )

  route(
    api,
    {
      method: 'post',
      path,
      operationId: `addProjectMetadatas${suffix}`,
      summary: 'Set one key of the metadata that is not set',
      tags,
      request: { ...ofProject, body: jsonBody(metadata) },
      responses: { ...changed, ...errors(400, 401, 403, 404, 409, 413, 415, 422) },
    },
    { project: 'metadata:create' },
    async (c) => {
      const [name, value] = onlyKeyOf(c.req.valid('json'))
      const store = await auditedStore(c, doneTo(c, 'create', name))
      await addMetadata(store, projectOf(c).project.pid, name, value)
      return c.body(null, 200)
    },
  )
}

const doneTo = (c: ApiContext, operation: Operation, metadata: string): AuditEvent => {
  const { name, pid } = projectOf(c).project
  return { operation, resourceType: 'metadata', resource: `${name}/${metadata}`, pid }
}

/** Harbor takes one key at a time. `public` is always set. */
const onlyKeyOf = (body: Readonly<Record<string, string>>): readonly [MetadataKey, string] => {
  const { isPublic, metadata } = parseMetadata(body)
  if (isPublic !== undefined) throw new DomainError('CONFLICT', 'public is set already')
  const [first, ...more] = Object.entries(metadata)
  if (first === undefined || more.length > 0 || !isMetadataKey(first[0])) {
    throw new DomainError('BAD_REQUEST', 'one key and its value, no more and no less')
  }
  return [first[0], first[1]]
}
