import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../shared/memory/random.ts'
import type { Operation } from '../simulation/ledger.ts'
import { blobsOf, digestOf } from '../support/layout.ts'
import type { Client } from './clients.ts'
import type { Image } from './images.ts'
import { promiseOf, type Failed } from './promises.ts'
import type { Truth } from './truth.ts'

/** One run of a client, as the summary counts it and the log of a failed soak tells it. */
export type Event = {
  readonly at: number
  readonly client: string
  readonly kind: Failed['kind']
  readonly what: string
  readonly ms: number
  /** The reason why it was told no; absent: it was done. */
  readonly promised?: string
}

/** What all workers have in common. */
export type Soak = {
  readonly truth: Truth
  /** Every image that was made, by its digest. */
  readonly images: Map<string, Image>
  readonly makeImage: (takesIndexes: boolean) => Promise<Image>
  /** Repositories that everybody pushes to, without the host. */
  readonly shared: readonly string[]
  readonly host: string
  readonly record: (event: Event) => void
  readonly isOver: () => boolean
}

export type Worker = {
  readonly client: Client
  readonly random: Random
  /** A repository that nobody else pushes to. */
  readonly own: string
  /** Where it may leave what it pulls. */
  readonly directory: string
}

/** A registry that did what it must not. */
export class SoakError extends Error {
  override readonly name = 'SoakError'
}

const TAGS = ['a', 'b', 'c']
const MAX_TRIES = 8

/** Does one thing after the other, as chance has it, until the soak is over. */
export const work = async (soak: Soak, worker: Worker): Promise<void> => {
  await worker.client.prepare()
  while (!soak.isOver()) {
    const action = worker.random.pick(ACTIONS)
    await action?.(soak, worker)
  }
}

type Action = (soak: Soak, worker: Worker) => Promise<void>

const repositoryOf = ({ shared }: Soak, { own, random }: Worker): string =>
  random.chance(0.5) ? own : (random.pick(shared) ?? own)

/** Repositories to read from: those of the others, too. */
const anyRepository = ({ truth }: Soak, { random }: Worker): string | undefined =>
  random.pick([...new Set(truth.tags().map(({ repository }) => repository))])

/** A digest that a tag of the repository leads to, or may lead to. */
const someDigest = ({ truth }: Soak, { random }: Worker, repository: string) =>
  random.pick(
    truth
      .tags()
      .filter((one) => one.repository === repository)
      .flatMap(({ tag }) => truth.possible(repository, tag))
      .filter((digest) => digest !== undefined),
  )

type Attempt = {
  readonly kind: Failed['kind']
  readonly what: string
  readonly run: () => Promise<void>
  /** Asked when it failed: what there is to excuse it. */
  readonly excuse: () => Omit<Failed, 'kind' | 'said' | 'elapsedMs'>
}

/** Runs a client; answers whether it was done. Throws when it was told what nobody promised. */
const attempt = async (
  { record }: Soak,
  { client }: Worker,
  { excuse, kind, run, what }: Attempt,
): Promise<boolean> => {
  const at = Date.now()
  const began = performance.now()
  const event = (promised?: string): void => {
    const ms = Math.round(performance.now() - began)
    record({ at, client: client.name, kind, what, ms, ...(promised !== undefined && { promised }) })
  }
  try {
    await run()
    event()
    return true
  } catch (error) {
    if (error instanceof SoakError) throw error
    const said = error instanceof Error ? error.message : String(error)
    const failed = { kind, said, elapsedMs: performance.now() - began, ...excuse() }
    const promised = promiseOf(failed)
    event(promised ?? 'NOBODY PROMISED THIS')
    if (promised !== undefined) return false
    throw new SoakError(`${client.name}, ${kind} of ${what}: ${JSON.stringify(failed)}`, {
      cause: error,
    })
  }
}

const settle = (operation: Operation, isDone: boolean): void => {
  if (isDone) operation.acknowledge()
  else operation.abandon()
}

const push: Action = async (soak, worker) => {
  const { client, random } = worker
  const known = [...soak.images.values()].filter(({ isIndex }) => client.takesIndexes || !isIndex)
  const old = random.chance(0.3) ? random.pick(known) : undefined
  const image = old ?? (await soak.makeImage(client.takesIndexes))
  soak.images.set(image.digest, image)
  const repository = repositoryOf(soak, worker)
  const tag = random.pick(TAGS) ?? ''
  for (let tries = 1; ; tries += 1) {
    const isNew = !soak.truth.wasIn(repository, image.digest)
    const operation = soak.truth.point(repository, tag, image.digest)
    const isHeld = soak.truth.watchManifest(repository, image.digest)
    const isDone = await attempt(soak, worker, {
      kind: 'push',
      what: `${repository}:${tag} ${image.digest}`,
      run: async () => {
        await client.push(image, `${soak.host}/${repository}:${tag}`)
      },
      excuse: () => ({ isNew, isHeld: isHeld() }),
    })
    settle(operation, isDone)
    if (isDone) return
    if (tries === MAX_TRIES) throw new SoakError(`${repository}:${tag} cannot be pushed at all`)
  }
}

const pull: Action = async (soak, worker) => {
  const { repository, tag } = worker.random.pick(soak.truth.tags()) ?? {}
  if (repository === undefined || tag === undefined) return
  await pullTag(soak, worker, repository, tag)
}

/** Pulls what a tag leads to, and compares every byte of it with what was pushed. */
export const pullTag = async (
  soak: Soak,
  worker: Worker,
  repository: string,
  tag: string,
): Promise<void> => {
  const { client, directory, random } = worker
  const path = join(directory, `pulled-${random.below(2 ** 31)}`)
  const watched = soak.truth.watchTag(repository, tag)
  await attempt(soak, worker, {
    kind: 'pull',
    what: `${repository}:${tag}`,
    run: async () => {
      await client.pull(`${soak.host}/${repository}:${tag}`, path)
      const { possible } = watched()
      await expectOneOf(soak, path, possible, `${client.name}, pull of ${repository}:${tag}`)
    },
    excuse: () => {
      const { isStill, mayBeGone } = watched()
      return { isHeld: isStill, mayBeGone }
    },
  })
  await rm(path, { recursive: true, force: true })
}

const expectOneOf = async (
  { images }: Soak,
  path: string,
  possible: ReadonlySet<string | undefined>,
  what: string,
): Promise<void> => {
  const pulled = await blobsOf(path).catch((error: unknown) => {
    throw new SoakError(`${what}: ${String(error)}`, { cause: error })
  })
  const digest = await entryOf(path, images)
  const image = digest === undefined ? undefined : images.get(digest)
  if (image === undefined || !possible.has(digest)) {
    throw new SoakError(`${what}: ${String(digest)}, not one of ${[...possible].join(' ')}`)
  }
  const missing = [...image.manifests, ...image.blobs].filter((name) => !pulled.includes(name))
  if (missing.length > 0) throw new SoakError(`${what}: without ${missing.join(' ')}`)
}

/** The image in a layout; some clients put an index of their own around an index. */
const entryOf = async (
  path: string,
  images: ReadonlyMap<string, Image>,
): Promise<string | undefined> => {
  let bytes = await readFile(join(path, 'index.json'))
  for (let depth = 0; depth < 2; depth += 1) {
    const [digest] = /"digest":\s*"(sha256:[0-9a-f]{64})"/.exec(bytes.toString())?.slice(1) ?? []
    if (digest === undefined || images.has(digest)) return digest
    bytes = await readFile(join(path, 'blobs', 'sha256', digest.slice('sha256:'.length)))
    if (digestOf(bytes) !== digest) return digest
  }
  return undefined
}

const tagAgain: Action = async (soak, worker) => {
  const repository = repositoryOf(soak, worker)
  const digest = someDigest(soak, worker, repository)
  const tag = worker.random.pick(TAGS) ?? ''
  if (digest === undefined) return
  const operation = soak.truth.point(repository, tag, digest)
  const isHeld = soak.truth.watchManifest(repository, digest)
  const isDone = await attempt(soak, worker, {
    kind: 'tag',
    what: `${repository}@${digest} as ${tag}`,
    run: async () => {
      await worker.client.tag(`${soak.host}/${repository}`, digest, tag)
    },
    excuse: () => ({ isHeld: isHeld() }),
  })
  settle(operation, isDone)
}

const copy: Action = async (soak, worker) => {
  const from = anyRepository(soak, worker)
  const to = repositoryOf(soak, worker)
  const digest = from === undefined ? undefined : someDigest(soak, worker, from)
  const tag = worker.random.pick(TAGS) ?? ''
  if (from === undefined || digest === undefined || from === to) return
  const isNew = !soak.truth.wasIn(to, digest)
  const operation = soak.truth.point(to, tag, digest)
  const [isHeld, isThere] = [from, to].map((one) => soak.truth.watchManifest(one, digest))
  const isDone = await attempt(soak, worker, {
    kind: 'copy',
    what: `${from}@${digest} to ${to}:${tag}`,
    run: async () => {
      await worker.client.copy(`${soak.host}/${from}@${digest}`, `${soak.host}/${to}:${tag}`)
    },
    excuse: () => ({ isHeld: isHeld?.() === true && (isNew || isThere?.() === true) }),
  })
  settle(operation, isDone)
}

const deleteTag: Action = async (soak, worker) => {
  const { client, random } = worker
  const repository = repositoryOf(soak, worker)
  const tag = random.pick(TAGS) ?? ''
  const digest = soak.truth.certain(repository, tag)
  if (client.deleteTag === undefined || digest === undefined) return
  const watched = soak.truth.watchTag(repository, tag)
  const operation = soak.truth.untag(repository, tag)
  const isDone = await attempt(soak, worker, {
    kind: 'delete tag',
    what: `${repository}:${tag}`,
    run: async () => {
      await client.deleteTag?.(`${soak.host}/${repository}`, tag)
    },
    // Its own change is the only one.
    excuse: () => ({ isHeld: watched().possible.size === 2 && !wasShared(soak, repository) }),
  })
  settle(operation, isDone)
}

const wasShared = ({ shared }: Soak, repository: string): boolean => shared.includes(repository)

const deleteManifest: Action = async (soak, worker) => {
  const repository = repositoryOf(soak, worker)
  const digest = someDigest(soak, worker, repository)
  if (digest === undefined) return
  const isCertain = soak.truth.watchManifest(repository, digest)()
  const operation = soak.truth.remove(repository, digest)
  const isDone = await attempt(soak, worker, {
    kind: 'delete manifest',
    what: `${repository}@${digest}`,
    run: async () => {
      await worker.client.deleteManifest(`${soak.host}/${repository}`, digest)
    },
    excuse: () => ({ isHeld: isCertain && !wasShared(soak, repository) }),
  })
  settle(operation, isDone)
}

const ACTIONS: readonly Action[] = [
  ...[push, push, push, push, push],
  ...[pull, pull, pull, pull, pull],
  ...[tagAgain, tagAgain, copy, copy],
  ...[deleteTag, deleteManifest],
]
