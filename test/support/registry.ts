import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import * as z from 'zod'
import { eventually } from './eventually.ts'
import { startServer, type RunningServer } from './server.ts'

const GIVEN_URL = process.env['ROADSTEAD_TEST_URL']

/** False with `ROADSTEAD_TEST_URL`: tests that read the log or choose the server's options cannot run. */
export const isOwnServer = GIVEN_URL === undefined || GIVEN_URL === ''

export type Request = { readonly method: string; readonly path: string; readonly status: number }

export type Registry = {
  readonly url: string
  readonly host: string
  /** A repository, as in an image reference, that no other run uses. */
  readonly repository: (name: string) => string
  /**
   * What the server was asked for in a repository, up to and including the request that `isLast` knows; waits until
   * that one is in the log.
   */
  readonly requests: (
    repository: string,
    isLast: (request: Request) => boolean,
  ) => Promise<readonly Request[]>
}

/** One registry for the tests of a file: a server of its own, or the one that `ROADSTEAD_TEST_URL` names. */
export const provideRegistry = (...args: readonly string[]): (() => Registry) => {
  let registry: Registry | undefined
  let server: RunningServer | undefined
  beforeAll(async () => {
    server = isOwnServer ? await startServer({ args }) : undefined
    registry = describe(server?.url ?? GIVEN_URL ?? '', () => server?.log() ?? [])
  })
  afterAll(async () => {
    await server?.stop()
  })
  return () => {
    if (registry === undefined) throw new Error('the registry runs only while the tests do')
    return registry
  }
}

const describe = (url: string, log: () => readonly string[]): Registry => {
  const { host } = new URL(url)
  const project = `e2e-${randomBytes(4).toString('hex')}`
  return {
    url,
    host,
    repository: (name) => `${host}/${project}/${name}`,
    requests: async (repository, isLast) => {
      const prefix = `/v2/${repository.slice(host.length + 1)}/`
      return await eventually(`the last request to ${prefix} is in the log`, () => {
        const found = log()
          .flatMap(parseRequest)
          .filter(({ path }) => path.startsWith(prefix))
        return found.some(isLast) ? found : undefined
      })
    },
  }
}

/** The request that puts the manifest of a tag: the last one of a push. */
export const isManifestPut = ({ method, path }: Request): boolean =>
  method === 'PUT' && path.includes('/manifests/')

/** A request that carries bytes of a blob. */
export const isBlobUpload = ({ method, path }: Request): boolean =>
  (method === 'PATCH' || method === 'PUT') && path.includes('/blobs/uploads/')

const line = z.object({ method: z.string(), path: z.string(), status: z.number() })

const parseRequest = (text: string): readonly Request[] => {
  if (!text.startsWith('{')) return []
  const result = line.safeParse(JSON.parse(text))
  return result.success ? [result.data] : []
}

/** The digest that the registry answers for a reference such as `127.0.0.1:5000/a/b:v1`; undefined: not there. */
export const headManifest = async (reference: string): Promise<string | undefined> => {
  const [, host = '', name = '', , tag = ''] = /^([^/]+)\/([^:@]+)([:@])(.+)$/.exec(reference) ?? []
  const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { Accept: ACCEPT.join(', ') },
  })
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`HEAD ${reference} answered ${answer.status}`)
  return answer.headers.get('Docker-Content-Digest') ?? undefined
}

const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]
