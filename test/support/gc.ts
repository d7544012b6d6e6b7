import type { Deleted, Gc } from '../../shared/gc/gc.ts'
import { readLog, type LogLine } from '../../shared/gc/log.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff, type Worked } from '../../shared/gc/work.ts'
import { openMemory } from '../../shared/memory/open.ts'
import type { Digest } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseReference } from '../../shared/oci/reference.ts'
import type { Kv, Objects } from '../../shared/ports.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { parseBlob } from '../../shared/registry/blobs/items.ts'
import { putManifest } from '../../shared/registry/manifests/put.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { key, type ObjectId } from '../../shared/table.ts'
import { createTestApp, type TestApp } from './app.ts'

export const DAY_MS = 24 * 60 * 60_000

type Ports = { readonly kv: Kv; readonly objects: Objects }

/** A registry in memory, with a worker of its tasks that goes to work when a test says so, and time that a test moves. */
export type CollectedRegistry = {
  readonly context: RegistryContext
  readonly registry: TestApp
  /** Works off what is due now and what comes due in so many days; answers for the last round. */
  readonly collect: (days: number, deleteUntagged?: boolean) => Promise<Worked>
  readonly pass: (milliseconds: number) => void
  readonly deleted: readonly Deleted[]
  /** Types of tasks that failed, and why. */
  readonly troubles: readonly string[]
  /** The status of a request without a body. */
  readonly ask: (path: string, method?: string) => Promise<number>
  /** The object of a blob. */
  readonly oidOf: (digest: Digest) => Promise<ObjectId>
  readonly log: () => Promise<readonly LogLine[]>
}

export type CollectedOptions = {
  /** Puts something between the worker and its ports. */
  readonly worker?: (ports: Ports) => Partial<Ports>
  readonly allowSparse?: boolean
  /** Puts something between a request and its ports. */
  readonly requests?: (ports: Ports) => Partial<Ports>
}

export const createCollectedRegistry = ({
  worker = () => ({}),
  requests = () => ({}),
  allowSparse = false,
}: CollectedOptions = {}): CollectedRegistry => {
  const memory = openMemory()
  const ids = createRandomIds()
  let now = Date.UTC(2026, 0, 1)
  const clock = {
    now: () => now,
    sleep: async () => {
      await Promise.resolve()
    },
  }
  const contextOver = (change: (ports: Ports) => Partial<Ports>): RegistryContext => {
    const { kv, objects } = { ...memory, ...change(memory) }
    const store = { kv, clock, ids }
    const repositories = createRepositories(store, { createProjectsOnPush: true })
    return { store, objects, repositories, limits: DEFAULT_LIMITS, allowSparse }
  }
  const context = contextOver(requests)
  const registry = createTestApp({ context })
  const deleted: Deleted[] = []
  const troubles: string[] = []
  const gcOf = (deleteUntagged: boolean): Gc => ({
    context: contextOver(worker),
    policyOf: () => ({ deleteUntagged, untaggedGrace: 0 }),
    run: () => Promise.resolve(1),
    deleted: (what) => deleted.push(what),
  })
  const work = {
    isStopped: () => false,
    troubled: ({ error, type }: { readonly error: unknown; readonly type: string }) =>
      troubles.push(`${type}: ${String(error)}`),
  }
  return {
    ...{ context, registry, deleted, troubles },
    collect: async (days, deleteUntagged = false) => {
      const gc = gcOf(deleteUntagged)
      if (deleteUntagged) await unpark(gc, work.isStopped)
      let worked = await workOff(gc, work)
      for (let day = 0; day < days; day += 1) {
        now += DAY_MS
        worked = await workOff(gc, work)
      }
      return worked
    },
    pass: (milliseconds) => {
      now += milliseconds
    },
    ask: async (path, method = 'GET') =>
      (await registry.app.request(`/v2/${path}`, { method })).status,
    oidOf: async (digest) => {
      const item = await memory.kv.get(key.blob(digest), 'strong')
      if (item === undefined) throw new Error('no such blob')
      return parseBlob(item).oid
    },
    log: async () => await Array.fromAsync(readLog(context.store, 1)),
  }
}

/** Pushes a manifest whose blobs are there, up to its commit, and is never heard of again. */
export const pushThatDies = async (
  context: RegistryContext,
  name: string,
  reference: string,
  json: string,
): Promise<void> => {
  const { kv } = context.store
  const committing = Promise.withResolvers<undefined>()
  const dying: Kv = {
    ...kv,
    transact: async (operations, token) => {
      const isCommit = operations.some(
        (operation) => operation.op === 'delete' && operation.key.sk.startsWith('#INTENT#'),
      )
      if (!isCommit) return await kv.transact(operations, token)
      committing.resolve(undefined)
      return await new Promise<never>(() => undefined)
    },
  }
  const store = { ...context.store, kv: dying }
  const push = putManifest({ ...context, store }, parseRepositoryName(name), {
    reference: parseReference(reference),
    ...{ tags: [], bytes: Buffer.from(json), contentType: undefined },
  })
  await Promise.race([push, committing.promise])
}
