import * as z from 'zod'
import { numberFor } from '../artifacts/number.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/name.ts'
import type { Item } from '../ports.ts'
import type { Project } from '../projects/project.ts'
import type { RepositoryId, RepositoryRef } from '../table.ts'

const repositoryItem = z.object({
  rid: z.string(),
  name: z.string(),
  createdAt: z.number(),
  description: z.string().optional(),
  updatedAt: z.number().optional(),
})

/** A repository as its project lists it. */
export type ListedRepository = RepositoryRef & {
  /** What Harbor's API calls `id`; made of the repository's id, so a new one of the same name has another. */
  readonly number: number
  readonly project: Project
  readonly name: RepositoryName
  readonly description: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When its description was changed last. */
  readonly describedAt: number
}

export const parseListed = (project: Project, item: Item): ListedRepository => {
  const { rid, name, createdAt, description = '', updatedAt } = repositoryItem.parse(item)
  return {
    number: repositoryNumber(rid as RepositoryId),
    pid: project.pid,
    rid: rid as RepositoryId,
    project,
    name: parseRepositoryName(name),
    description,
    createdAt,
    describedAt: updatedAt ?? createdAt,
  }
}

export const repositoryNumber = (rid: RepositoryId): number => numberFor('repository', rid)
