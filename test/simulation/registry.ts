import type { Process } from '../../shared/memory/world.ts'
import { parseRepositoryName, type RepositoryName } from '../../shared/oci/name.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import type { Times } from '../../shared/tasks/times.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { createPortableHashing, type Hashing } from '../../shared/registry/uploads/hashing.ts'

/** One process of the registry in the simulated world. */
export type Registry = {
  readonly context: RegistryContext
  readonly hashing: Hashing
  readonly process: Process
}

export const MIN_PART_BYTES = 4

/** Limits so small that a few bytes take every path: parts, tails, bodies in the bucket. */
const LIMITS = {
  partBytes: 6,
  minPartBytes: MIN_PART_BYTES,
  directPutBytes: 12,
  directPartBytes: MIN_PART_BYTES,
  checkpointBytes: 7,
  inlineBodyBytes: 500,
  maxManifestBytes: 100_000,
} as const

export const createRegistry = (process: Process, times?: Times): Registry => {
  const { clock, ids, kv } = process
  const store = { kv, clock, ids, ...(times !== undefined && { times }) }
  return {
    process,
    // Processes do not share memory, so an upload may meet another one with each request.
    hashing: createPortableHashing(),
    context: {
      store,
      objects: process.objects,
      repositories: createRepositories(store, { createProjectsOnPush: true }),
      limits: LIMITS,
      allowSparse: false,
    },
  }
}

/** Two repositories share a project, the third is in another. */
export const REPOSITORIES: readonly RepositoryName[] = ['p/a', 'p/b', 'q/a'].map(
  parseRepositoryName,
)
