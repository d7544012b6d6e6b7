import { auditStorage, BEGINNING, NONE, type Audit } from '../../shared/check/audit.ts'
import { readFindings, type FindingLine } from '../../shared/check/log.ts'
import { createProjectsOf } from '../../shared/check/projects.ts'
import type { CheckContext } from '../../shared/check/suspect.ts'
import { unpark } from '../../shared/gc/unpark.ts'
import { workOff } from '../../shared/gc/work.ts'
import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseBlob } from '../../shared/registry/blobs/items.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { key, type ObjectId, type RepositoryRef } from '../../shared/table.ts'
import { createCalmWorld, type CalmWorld } from '../simulation/calm-world.ts'
import { violations } from '../simulation/invariants.ts'
import { createRegistry } from '../simulation/registry.ts'
import { gcOf } from '../simulation/worker.ts'
import { createTestApp, imageJson, indexJson, pushImage, putManifest, type TestApp } from './app.ts'

const DAY_MS = 24 * 60 * 60_000
const HOUR_MS = 60 * 60_000
/** So large that its body lies in the bucket. */
const LARGE = { annotations: { padding: Array.from({ length: 300 }, String).join() } }
const QUIET_DAYS = 6

export type Audited = {
  readonly world: CalmWorld
  readonly context: RegistryContext
  readonly registry: TestApp
  readonly repository: RepositoryRef
  /** Manifests that are there. */
  readonly manifests: Readonly<Record<'image' | 'large' | 'part' | 'index' | 'about', Digest>>
  readonly oidOf: (content: string) => ObjectId
  /** Everything compared, once; answers what was found. */
  readonly audit: (
    options?: Partial<Audit> & {
      readonly marginMs?: number
      readonly sample?: CheckContext['sample']
    },
  ) => Promise<readonly FindingLine[]>
  /** Works off what is due now and in so many days. */
  readonly collect: (days?: number, deleteUntagged?: boolean) => Promise<void>
  /** Invariants that do not hold. */
  readonly broken: () => readonly string[]
  readonly ask: (path: string, method?: string) => Promise<number>
}

/** A registry with some of everything, in which nothing has happened for days. */
export const createAudited = async (): Promise<Audited> => {
  const world = createCalmWorld(1)
  const process = createRegistry(world.startProcess())
  const { context } = process
  const registry = createTestApp({ context })
  const part = imageJson('{}', ['part'])
  const image = await pushImage(registry, 'p/a', 'v1', ['one', 'two'])
  const subject = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: image,
    size: imageJson('{}', ['one', 'two']).length,
  }
  const manifests = {
    image,
    large: await pushImage(registry, 'p/a', 'large', ['one', 'large'], LARGE),
    part: await pushImage(registry, 'p/a', digestOf(part), ['part']),
    index: digestOf(indexJson([part])),
    about: await pushImage(registry, 'p/a', 'about', ['signature'], { subject }),
  }
  await putManifest(registry, 'p/a', 'index', indexJson([part]))
  await pushImage(registry, 'q/b', 'v1', ['one', 'other'])

  const collect = async (days = 0, deleteUntagged = false): Promise<void> => {
    const gc = gcOf(process, undefined, deleteUntagged)
    const work = {
      isStopped: () => false,
      troubled: ({ error }: { readonly error: unknown }) => {
        throw error
      },
    }
    await unpark(gc, work.isStopped)
    await workOff(gc, work)
    for (let day = 0; day < days; day += 1) {
      world.pass(DAY_MS)
      await workOff(gc, work)
    }
  }
  let run = 0
  const audit: Audited['audit'] = async ({ marginMs = HOUR_MS, sample, ...options } = {}) => {
    run += 1
    const { objects, store } = context
    const { place } = await auditStorage({
      context: {
        ...{ store, objects, before: store.clock.now() - marginMs },
        ...(sample !== undefined && { sample }),
        ...createProjectsOf(store, false),
      },
      ...{ run, place: BEGINNING, counts: NONE, isStopped: () => false },
      ...options,
    })
    if (place !== undefined) throw new Error('the audit did not come to its end')
    return await Array.fromAsync(readFindings(store, run))
  }
  await collect(QUIET_DAYS)
  return {
    ...{ world, context, registry, manifests, audit, collect },
    repository: await context.repositories.forPush(parseRepositoryName('p/a')),
    oidOf: (content) => {
      const item = world.table.get(key.blob(digestOf(content)))
      if (item === undefined) throw new Error(`there is no blob ${content}`)
      return parseBlob(item).oid
    },
    broken: () => violations(world),
    ask: async (path, method = 'GET') =>
      (await registry.app.request(`/v2/${path}`, { method })).status,
  }
}
