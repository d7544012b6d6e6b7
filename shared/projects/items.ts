import * as z from 'zod'
import { fullName, type ProjectName, type RepositoryName } from '../oci/name.ts'
import type { Item, TransactOperation } from '../ports.ts'
import {
  key,
  SCHEMA_VERSION,
  type ProjectId,
  type RepositoryId,
  type RepositoryRef,
} from '../table.ts'

/**
 * What a project without a limit may store. A limit is kept as what is left of it, since a condition of a write can
 * compare but not calculate; 2^52 bytes (4 PiB) are "no limit" and leave room to add without losing a byte.
 */
export const UNLIMITED_BYTES = 2 ** 52

const projectIdItem = z.object({ pid: z.string() })
const repositoryItem = z.object({ pid: z.string(), rid: z.string() })
const optionsItem = z.object({ allowSparse: z.boolean().optional() })

/** What a project decides for its repositories; an absent option follows the registry's default. */
export type ProjectOptions = { readonly allowSparse?: boolean | undefined }

export const parseProjectId = (item: Item): ProjectId => projectIdItem.parse(item).pid as ProjectId

export const parseRepositoryRef = (item: Item): RepositoryRef => {
  const { pid, rid } = repositoryItem.parse(item)
  return { pid: pid as ProjectId, rid: rid as RepositoryId }
}

export const parseOptions = (item: Item | undefined): ProjectOptions =>
  item === undefined ? {} : optionsItem.parse(item)

const absent = [{ kind: 'absent' }] as const

/** Fails as a whole when a project of that name exists. */
export const newProject = (
  project: ProjectName,
  pid: ProjectId,
  now: number,
): readonly TransactOperation[] => [
  {
    op: 'put',
    item: { ...key.projectName(project), v: SCHEMA_VERSION, pid },
    conditions: absent,
  },
  {
    op: 'put',
    item: { ...key.project(pid), v: SCHEMA_VERSION, name: project, createdAt: now },
    conditions: absent,
  },
  {
    op: 'put',
    item: { ...key.quota(pid), v: SCHEMA_VERSION, available: UNLIMITED_BYTES, used: 0, links: 0 },
    conditions: absent,
  },
]

/** Fails as a whole when the project is gone or a repository of that name exists. */
export const newRepository = (
  name: RepositoryName,
  { pid, rid }: RepositoryRef,
  now: number,
): readonly TransactOperation[] => [
  { op: 'check', key: key.project(pid), conditions: [{ kind: 'exists' }] },
  {
    op: 'put',
    item: { ...key.repositoryName(name.project, name.path), v: SCHEMA_VERSION, pid, rid },
    conditions: absent,
  },
  {
    op: 'put',
    item: {
      ...key.repositoryOfProject(pid, name.path),
      v: SCHEMA_VERSION,
      rid,
      name: fullName(name),
      createdAt: now,
    },
  },
  {
    op: 'put',
    item: { ...key.catalogEntry(name.project, name.path), v: SCHEMA_VERSION, pid, rid },
  },
]
