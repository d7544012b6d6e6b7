import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import * as z from 'zod'
import { eventually } from './eventually.ts'
import { authorization, secretsIn, type Login } from './credentials.ts'
import { startServer, type RunningServer } from './server.ts'

/** With a name and a password in it, of somebody who may make projects by pushing to them. */
const GIVEN_URL = process.env['ROADSTEAD_TEST_URL'] ?? ''

/** False with `ROADSTEAD_TEST_URL`: tests that read the log or choose the server's options cannot run. */
export const isOwnServer = GIVEN_URL === ''

export type Request = { readonly method: string; readonly path: string; readonly status: number }

export type Registry = {
  readonly url: string
  readonly host: string
  /** Of somebody who may do everything. */
  readonly login: Login
  /** The digest that it answers for a reference such as `127.0.0.1:5000/a/b:v1`; undefined: not there. */
  readonly headManifest: (reference: string) => Promise<string | undefined>
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
    const login = isOwnServer
      ? { name: 'admin', password: `Aa1${randomBytes(9).toString('hex')}` }
      : loginOf(GIVEN_URL)
    server = isOwnServer
      ? await startServer({
          args: ['--create-projects-on-push', ...args],
          adminPassword: login.password,
        })
      : undefined
    registry = describe(server?.url ?? new URL(GIVEN_URL).origin, login, () => server?.log() ?? [])
  })
  afterAll(async () => {
    await server?.stop()
    const told = server === undefined || registry === undefined ? [] : server.log()
    expect(told.filter((line) => registry && secretsIn(line, registry.login))).toEqual([])
  })
  return () => {
    if (registry === undefined) throw new Error('the registry runs only while the tests do')
    return registry
  }
}

const loginOf = (url: string): Login => {
  const { password, username } = new URL(url)
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
}

const describe = (url: string, login: Login, log: () => readonly string[]): Registry => {
  const { host } = new URL(url)
  const project = `e2e-${randomBytes(4).toString('hex')}`
  return {
    url,
    host,
    login,
    headManifest: async (reference) => await headManifest(reference, login),
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

const headManifest = async (reference: string, login: Login): Promise<string | undefined> => {
  const [, host = '', name = '', , tag = ''] = /^([^/]+)\/([^:@]+)([:@])(.+)$/.exec(reference) ?? []
  const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { Accept: ACCEPT.join(', '), Authorization: authorization(login) },
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
