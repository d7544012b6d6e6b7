import { mkdir, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { createRandom } from '../../shared/memory/random.ts'
import { memoryOf } from '../bench/memory.ts'
import { authorization, type Login } from '../support/credentials.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { openWorkspace } from '../support/workspace.ts'
import { CLIENTS } from './clients.ts'
import { createImages, type Image } from './images.ts'
import { GRACE_MS } from './promises.ts'
import { mountsIn, requestsIn, suspicious } from './server-log.ts'
import { flaws, isQuiet } from './storage.ts'
import { createTruth, type Truth } from './truth.ts'
import { pullTag, SoakError, work, type Event, type Soak, type Worker } from './worker.ts'

export type SoakOptions = {
  readonly seconds: number
  readonly seed: number
  /** Empty; keeps images, what clients pull, and the data of the registry. */
  readonly directory: string
  readonly progress: (text: string) => void
}

export type SoakResult = {
  readonly events: readonly Event[]
  /** Everything that must not be; a soak that found nothing wrong has none. */
  readonly wrong: readonly string[]
  /** Images that were made, and those of them that a tag leads to in the end. */
  readonly imagesMade: number
  readonly imagesLeft: number
  readonly requests: number
  readonly mounts: number
  readonly peakMemoryMb: number | undefined
  readonly log: readonly string[]
}

/** What `npm start` gives to Node. */
const NODE_OPTIONS = manifest.scripts.start
  .split(' ')
  .filter((word) => word.startsWith('--'))
  .join(' ')
const PROJECTS = ['soak', 'other'] as const
/** One in each project, so that mounts cross projects, too. */
const SHARED = PROJECTS.map((project) => `${project}/shared`)
const PROGRESS_EVERY_MS = 10_000
const QUIET_POLL_MS = 2_000
/** Chains of tasks wait for the grace a few times; nothing is waited for that comes sooner. */
const MOST_QUIET_POLLS = 150

/**
 * A real server that collects garbage every second, and clients that push, retag, mount, delete and pull side by side,
 * until the time is over; then everything that is left must be whole, and nothing else be left.
 */
export const soak = async (options: SoakOptions): Promise<SoakResult> => {
  const { directory, progress, seed } = options
  const login = { name: 'admin', password: `Aa1${randomBytes(9).toString('hex')}` }
  const data = join(directory, 'data')
  const server = await startServer({
    ...{ data, adminPassword: login.password, env: { NODE_OPTIONS } },
    args: ['--gc-every', '1s', '--gc-grace', `${GRACE_MS}ms`],
  })
  const events: Event[] = []
  const wrong: string[] = []
  let peakMemoryMb: number | undefined
  let alive: ReadonlyMap<string, Image> = new Map()
  let made = 0
  try {
    progress(`a registry on ${server.url}, seed ${seed}`)
    await makeProjects(server, login)
    const common = await prepare(options, server, (event) => events.push(event))
    const workers = await makeWorkers(options, server, login)
    wrong.push(...(await untilOver(options, common, workers, events)))
    made = common.images.size
    if (wrong.length === 0) {
      progress('the clients are done; what is left is compared')
      alive = await remaining(common, server, login)
      for (const [index, name] of [...alive.keys()].entries()) {
        const worker = workers[index % workers.length]
        const colon = name.lastIndexOf(':')
        if (worker === undefined) continue
        await pullTag(common, worker, name.slice(0, colon), name.slice(colon + 1))
      }
      progress('the collector ends its work')
      await untilQuiet(data)
    }
    peakMemoryMb = (await memoryOf(server.process.pid ?? 0))?.peak
  } catch (error) {
    if (!(error instanceof SoakError)) throw error
    wrong.push(error.message)
  } finally {
    await server.stop()
  }
  wrong.push(...suspicious(server.log()))
  if (server.process.exitCode !== 0) wrong.push(`the server ended: ${server.log().at(-1) ?? ''}`)
  if (wrong.length === 0) {
    const blobs = new Set([...alive.values()].flatMap((image) => image.blobs))
    wrong.push(...(await flaws(data, blobs)))
  }
  return {
    ...{ events, wrong, peakMemoryMb, log: server.log() },
    ...{ imagesMade: made, imagesLeft: new Set(alive.values()).size },
    ...{ requests: requestsIn(server.log()), mounts: mountsIn(server.log()) },
  }
}

const makeProjects = async ({ url }: RunningServer, login: Login): Promise<void> => {
  for (const project of PROJECTS) {
    const answer = await fetch(`${url}/api/v2.0/projects`, {
      method: 'POST',
      headers: { Authorization: authorization(login), 'Content-Type': 'application/json' },
      body: JSON.stringify({ project_name: project, metadata: { delete_untagged: 'true' } }),
    })
    if (answer.status !== 201) throw new Error(`a project was refused: ${await answer.text()}`)
  }
}

const prepare = async (
  { directory, seconds, seed }: SoakOptions,
  { host }: RunningServer,
  record: Soak['record'],
): Promise<Soak> => {
  const path = join(directory, 'images')
  await mkdir(path)
  const until = performance.now() + seconds * 1_000
  return {
    ...{ host, record, shared: SHARED, images: new Map(), truth: createTruth() },
    makeImage: createImages(path, createRandom(seed)),
    isOver: () => performance.now() > until,
  }
}

const makeWorkers = async (
  { directory, seed }: SoakOptions,
  { host }: RunningServer,
  login: Login,
): Promise<readonly Worker[]> =>
  await Promise.all(
    CLIENTS.map(async (make, index) => {
      const path = join(directory, `client-${index}`)
      await mkdir(path)
      const client = make(await openWorkspace(path, { [host]: login }), host)
      const own = `${PROJECTS[index % PROJECTS.length] ?? ''}/${client.name}`
      return { client, own, directory: path, random: createRandom(seed + index + 1) }
    }),
  )

/** The first that fails ends it for all. Answers what failed. */
const untilOver = async (
  { progress }: SoakOptions,
  common: Soak,
  workers: readonly Worker[],
  events: readonly Event[],
): Promise<readonly string[]> => {
  const failed: string[] = []
  const isOver = (): boolean => failed.length > 0 || common.isOver()
  const timer = setInterval(() => {
    const refused = events.filter(({ promised }) => promised !== undefined).length
    progress(`${events.length} runs of clients, ${refused} told no as promised`)
  }, PROGRESS_EVERY_MS)
  const ended = await Promise.allSettled(
    workers.map(async (worker) => {
      try {
        await work({ ...common, isOver }, worker)
      } catch (error) {
        failed.push(error instanceof SoakError ? error.message : String(error))
      }
    }),
  )
  clearInterval(timer)
  return ended.length === workers.length ? failed : ['a worker is missing']
}

/** Every tag that is there, with its image; throws when one leads where it cannot, or is not listed. */
const remaining = async (
  { images, truth }: Soak,
  { url }: RunningServer,
  login: Login,
): Promise<ReadonlyMap<string, Image>> => {
  const headers = { Authorization: authorization(login), Accept: ACCEPT }
  const found = new Map<string, Image>()
  const listed = new Map<string, readonly string[]>()
  for (const { repository, tag } of truth.tags()) {
    const answer = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
      ...{ method: 'HEAD', headers },
    })
    const digest = answer.headers.get('Docker-Content-Digest') ?? undefined
    const possible = truth.possible(repository, tag)
    if (!possible.includes(digest)) {
      throw new SoakError(
        `${repository}:${tag} leads to ${String(digest)}, not to one of ${possible.join(' ')}`,
      )
    }
    const tags = listed.get(repository) ?? (await listTags(url, repository, headers))
    listed.set(repository, tags)
    if (tags.includes(tag) !== (digest !== undefined)) {
      throw new SoakError(
        `${repository}:${tag} is ${String(digest)} and listed among ${tags.join()}`,
      )
    }
    const image = digest === undefined ? undefined : images.get(digest)
    if (image === undefined) continue
    found.set(`${repository}:${tag}`, image)
    settleTag(truth, repository, tag, image.digest)
  }
  return found
}

/** Now that nobody is pushing, what is there is what it leads to. */
const settleTag = (truth: Truth, repository: string, tag: string, digest: string): void => {
  truth.point(repository, tag, digest).acknowledge()
}

const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join()

const listTags = async (
  url: string,
  repository: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly string[]> => {
  const answer = await fetch(`${url}/v2/${repository}/tags/list`, { headers })
  const { tags } = (await answer.json()) as { tags?: readonly string[] }
  return tags ?? []
}

const untilQuiet = async (data: string): Promise<void> => {
  for (let poll = 0; poll < MOST_QUIET_POLLS; poll += 1) {
    if (await isQuiet(data)) return
    await delay(QUIET_POLL_MS)
  }
  throw new SoakError('there is no end to collecting')
}

/** Writes what is known of a soak that failed; answers where. */
export const keep = async (
  directory: string,
  { events, log, wrong }: SoakResult,
): Promise<string> => {
  await writeFile(join(directory, 'server.log'), log.join('\n'))
  await writeFile(
    join(directory, 'events.ndjson'),
    events.map((one) => JSON.stringify(one)).join('\n'),
  )
  await writeFile(join(directory, 'wrong.txt'), wrong.join('\n'))
  return directory
}
