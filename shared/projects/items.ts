import * as z from 'zod'
import { fullName, type RepositoryName } from '../oci/name.ts'
import type { Item, TransactOperation } from '../ports.ts'
import { count } from '../store/numbers.ts'
import {
  key,
  SCHEMA_VERSION,
  type ProjectId,
  type RepositoryId,
  type RepositoryRef,
} from '../table.ts'

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
  // There from the beginning, so that a late count makes nothing of a repository that is gone.
  { op: 'put', item: { ...key.pulls(rid), v: SCHEMA_VERSION, pulls: 0 } },
  count('repositories', 1),
  count(`repositories#${pid}`, 1),
]
