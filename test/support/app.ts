import type { Hono } from 'hono'
import { createApp } from '../../functions/registry/app.ts'
import type { Deps } from '../../functions/registry/deps.ts'
import type { RegistryEnv } from '../../functions/registry/factory.ts'
import { createDoor, type Door } from '../../shared/identity/door.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import type { Kv, Objects } from '../../shared/ports.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type Limits, type RegistryContext } from '../../shared/registry/context.ts'
import { verifyDirectUpload } from '../../shared/registry/uploads/direct/verify.ts'
import { createProcessHashing, type Hashing } from '../../shared/registry/uploads/hashing.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'

export type TestApp = {
  readonly app: Hono<RegistryEnv>
  readonly kv: Kv
  readonly objects: Objects
  /** Sends bytes to a signed URL; answers the status. */
  readonly send: (method: string, url: string, bytes: Uint8Array) => Promise<number>
  /** Errors that were not the client's. */
  readonly failures: unknown[]
}

export type TestAppOptions = {
  readonly allowSparse?: boolean
  readonly createProjectsOnPush?: boolean
  readonly limits?: Partial<Limits>
  /** Instead of one of its own in memory. */
  readonly context?: RegistryContext
  readonly hashing?: Hashing
  /** By default everybody may do everything. */
  readonly isReadOnly?: boolean
  readonly quotaWarned?: RegistryContext['quotaWarned']
  readonly pulled?: Deps['pulled']
  /** By default in the request itself. */
  readonly verify?: Deps['verify']
  /** How long a pass over an object that is to be verified goes on. */
  readonly mayGoOn?: () => boolean
  readonly door?: (store: Store) => Partial<Door>
  /** Puts something between the registry and its ports. */
  readonly wrap?: (ports: { kv: Kv; objects: Objects }) => { kv: Kv; objects: Objects }
}

/** The distribution API in memory, to be asked by `app.request()`. */
export const createTestApp = (options: TestAppOptions = {}): TestApp => {
  const { send, ...memory } = openMemory(options.limits?.minPartBytes)
  const ports = (options.wrap ?? ((ports) => ports))(memory)
  const own = { kv: ports.kv, clock: systemClock, ids: createRandomIds() }
  const { store, objects } = options.context ?? { store: own, objects: ports.objects }
  const { kv } = store
  const failures: unknown[] = []
  const { createProjectsOnPush = true, allowSparse = false } = options
  const context = options.context ?? {
    store,
    objects,
    repositories: createRepositories(store, { createProjectsOnPush }),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    allowSparse,
    quotaWarned: options.quotaWarned,
  }
  const hashing = options.hashing ?? createProcessHashing()
  const deps: Deps = {
    context,
    verify:
      options.verify ??
      (async (oid) => {
        await verifyDirectUpload(context, hashing, oid, options.mayGoOn ?? (() => true))
      }),
    isReadOnly: () => Promise.resolve(options.isReadOnly ?? false),
    hashing,
    ...createDoor(store, 'open'),
    ...options.door?.(store),
    pulled: options.pulled,
    reportError: (error) => failures.push(error),
  }
  return { app: createApp(deps), kv, objects, send, failures }
}

/** Uploads a blob in one request. */
export const pushBlob = async (
  { app }: Pick<TestApp, 'app'>,
  name: string,
  bytes: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Digest> => {
  const body = Buffer.from(bytes)
  const digest = digestOf(body)
  const response = await app.request(`/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: { ...headers, 'Content-Length': String(body.byteLength) },
    body,
  })
  if (response.status !== 201) throw new Error(`blob push: ${response.status}`)
  return digest
}

const descriptor = (text: string, mediaType: string) => ({
  mediaType,
  digest: digestOf(text),
  size: Buffer.byteLength(text),
})

/** The JSON of an image of one config and some layers, given by their contents. */
export const imageJson = (
  config: string,
  layers: readonly string[],
  extra: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageManifest,
    config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptor(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...extra,
  })

/** The JSON of an index of some manifests, given by their JSON. */
export const indexJson = (manifests: readonly string[]): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageIndex,
    manifests: manifests.map((manifest) => descriptor(manifest, MEDIA_TYPE.imageManifest)),
  })

/** Pushes a manifest under a tag or a digest; answers the response as it is. */
export const putManifest = async (
  { app }: Pick<TestApp, 'app'>,
  name: string,
  reference: string,
  json: string,
  contentType?: string,
): Promise<Response> =>
  await app.request(`/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    // As bytes: a string would come with a Content-Type of its own.
    body: Buffer.from(json),
    headers: contentType === undefined ? {} : { 'Content-Type': contentType },
  })

/** Pushes the blobs of an image and then its manifest; answers its digest. */
export const pushImage = async (
  registry: TestApp,
  name: string,
  reference: string,
  layers: readonly string[],
  extra: Readonly<Record<string, unknown>> = {},
): Promise<Digest> => {
  for (const blob of ['{}', ...layers]) await pushBlob(registry, name, blob)
  const json = imageJson('{}', layers, extra)
  const response = await putManifest(registry, name, reference, json)
  if (response.status !== 201) throw new Error(`manifest push: ${await response.text()}`)
  return digestOf(json)
}
