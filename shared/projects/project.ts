import * as z from 'zod'
import type { ProjectName } from '../oci/name.ts'
import type { AttributeValue, Item } from '../ports.ts'
import type { ProjectId } from '../table.ts'
import { readMetadata, type ProjectMetadata } from './metadata.ts'

export type Owner = { readonly number: number; readonly name: string }

export type Project = {
  readonly pid: ProjectId
  /** What Harbor's API calls `project_id`. */
  readonly number: number
  readonly name: ProjectName
  readonly isPublic: boolean
  /** The user who made it; `undefined`: nobody in particular, as by a push. */
  readonly owner: Owner | undefined
  readonly metadata: ProjectMetadata
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Goes up with every change. */
  readonly version: number
}

const projectItem = z.object({
  pid: z.string(),
  number: z.number(),
  name: z.string(),
  isPublic: z.boolean(),
  owner: z.number().optional(),
  ownerName: z.string().optional(),
  metadata: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.number(),
})

/** A project out of its item or out of an entry of a list: both hold the same. */
export const parseProject = (item: Item): Project => {
  const { pid, name, owner, ownerName, metadata, ...rest } = projectItem.parse(item)
  return {
    ...rest,
    pid: pid as ProjectId,
    name: name as ProjectName,
    owner: owner === undefined ? undefined : { number: owner, name: ownerName ?? '' },
    metadata: readMetadata(metadata),
  }
}

/** What the items of a project say of it. */
export const projectAttributes = (project: Project): Readonly<Record<string, AttributeValue>> => ({
  pid: project.pid,
  number: project.number,
  name: project.name,
  isPublic: project.isPublic,
  ...(project.owner === undefined
    ? {}
    : { owner: project.owner.number, ownerName: project.owner.name }),
  metadata: JSON.stringify(project.metadata),
  createdAt: project.createdAt,
  updatedAt: project.updatedAt,
  version: project.version,
})
