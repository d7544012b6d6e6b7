import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { open, readFile, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { authorization } from '../support/credentials.ts'
import { runCli, startCli, type CliEnv } from '../support/cli.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { blobsOf, digestOf, writeImage, writeIndex } from '../support/layout.ts'
import { run } from '../support/run.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { tarOf } from '../support/tar.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const PART_BYTES = 16 * MIB
const MAX_MEMORY_BYTES = 250_000_000
const login = { name: 'admin', password: 'Admin12345' }

let server: RunningServer
let directory: Awaited<ReturnType<typeof temporaryDirectory>>

beforeEach(async () => {
  directory = await temporaryDirectory('push')
  server = await startServer({
    adminPassword: login.password,
    args: ['--create-projects-on-push'],
  })
})
afterEach(async () => {
  await server.stop()
  await directory.remove()
})

const envOf = (host = server.host): CliEnv => ({
  ROADSTEAD_URL: `http://${host}`,
  ROADSTEAD_USER: login.name,
  ROADSTEAD_PASSWORD: login.password,
  XDG_CACHE_HOME: join(directory.path, 'cache'),
  TMPDIR: directory.path,
})

const push = async (...args: readonly string[]): Promise<string> => {
  const { code, err, out } = await runCli(['push', ...args], envOf())
  if (code !== 0) throw new Error(err)
  return out.trim()
}

const get = async (path: string, method = 'GET'): Promise<Response> =>
  await fetch(`${server.url}${path}`, {
    method,
    headers: {
      Authorization: authorization(login),
      Accept:
        'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json',
    },
  })

/** How often something was put to a signed URL, by status, as far as the log has come. */
const putsSoFar = (): readonly number[] =>
  server.log().flatMap((line) => {
    if (!line.includes('"PUT","path":"/objects/')) return []
    return z.object({ status: z.number() }).parse(JSON.parse(line)).status
  })

/** The same, and the log has come as far as this. */
const puts = async (): Promise<readonly number[]> => {
  // Its lines come in the order of the answers, but later than those.
  const mark = `/v2/team/app/manifests/${randomUUID()}`
  await get(mark)
  await eventually('the log has come so far', () =>
    server.log().some((line) => line.includes(mark)) ? true : undefined,
  )
  return putsSoFar()
}

const manifest = z.object({
  mediaType: z.string(),
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string(), mediaType: z.string(), size: z.number() })),
})

describe('roadstead push', () => {
  it('pushes an OCI layout, as a directory and as an archive, byte for byte', async () => {
    const layout = await writeImage(join(directory.path, 'image'))
    const tar = join(directory.path, 'image.tar')
    await run('tar', ['-C', layout.path, '-cf', tar, '.'], process.env)
    expect(await push(layout.path, `${server.host}/team/app:v1`)).toBe(
      `${server.host}/team/app:v1 ${layout.digest}`,
    )
    await push(`oci-archive:${tar}:v1`, `${server.host}/team/other:v1`)
    for (const name of ['team/app', 'team/other']) {
      for (const hex of await blobsOf(layout.path)) {
        const kind = `sha256:${hex}` === layout.digest ? 'manifests' : 'blobs'
        const bytes = await (await get(`/v2/${name}/${kind}/sha256:${hex}`)).arrayBuffer()
        expect(digestOf(Buffer.from(bytes))).toBe(`sha256:${hex}`)
      }
    }
  })

  it('pushes an index with the images that it holds', async () => {
    const layout = await writeIndex(join(directory.path, 'index'))
    await push(`oci:${layout.path}:v1`, `${server.host}/team/multi`)
    const head = await get('/v2/team/multi/manifests/latest', 'HEAD')
    expect(head.headers.get('Docker-Content-Digest')).toBe(layout.digest)
  })

  it('compresses what docker save has written, and does so once', async () => {
    const tars = [tarOf('a', randomBytes(50_000)), tarOf('b', Buffer.alloc(3 * MIB, 'text '))]
    const archive = await writeDockerArchive(tars)
    await push(archive, `${server.host}/team/saved:v1`)
    const pushed = manifest.parse(await (await get('/v2/team/saved/manifests/v1')).json())
    expect(pushed.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json')
    for (const [index, { digest, mediaType, size }] of pushed.layers.entries()) {
      expect(mediaType).toBe('application/vnd.docker.image.rootfs.diff.tar.gzip')
      const bytes = Buffer.from(await (await get(`/v2/team/saved/blobs/${digest}`)).arrayBuffer())
      expect([bytes.byteLength, digestOf(bytes)]).toEqual([size, digest])
      expect(gunzipSync(bytes).equals(tars[index] ?? Buffer.of())).toBe(true)
    }
    const before = (await puts()).length
    const again = await runCli(['push', archive, `${server.host}/team/saved:v2`], envOf())
    expect(again.err).not.toContain('compressing 3')
    expect(await puts()).toHaveLength(before)
    expect(await leftovers()).toEqual([])
  })

  it('pushes an image of a running Docker by its socket', async () => {
    const archive = await writeDockerArchive([tarOf('a', randomBytes(50_000))])
    const socket = join(directory.path, 'docker.sock')
    const asked: string[] = []
    const docker = createServer((request, response) => {
      asked.push(request.url ?? '')
      void readFile(archive).then((bytes) => response.end(bytes))
    }).listen(socket)
    await once(docker, 'listening')
    const env = { ...envOf(), DOCKER_HOST: `unix://${socket}` }
    const said = await runCli(['push', 'docker:saved:v1', `${server.host}/team/live:v1`], env)
    docker.close()
    expect(said).toMatchObject({ code: 0 })
    expect(asked).toEqual(['/images/saved%3Av1/get'])
    expect((await get('/v2/team/live/manifests/v1')).status).toBe(200)
    const nobody = { ...envOf(), DOCKER_HOST: `unix://${socket}.none` }
    const failed = await runCli(['push', 'docker:x', `${server.host}/team/live:v1`], nobody)
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('no Docker answers')])
    expect(await leftovers()).toEqual([])
  })

  it('goes on where a push was killed, part by part', async () => {
    const path = join(directory.path, 'large')
    const parts = 12
    const layer = await writeSparseImage(path, parts * PART_BYTES)
    const args = ['push', '--way', 'parts', '--jobs', '1', path, `${server.host}/team/large:v1`]
    const first = startCli(args, envOf())
    await eventually('some parts have come', () => (putsSoFar().length >= 4 ? true : undefined))
    first.process.kill('SIGKILL')
    await first.said
    const before = (await puts()).filter((status) => status === 200).length
    expect(before).toBeLessThan(parts)
    expect((await runCli(args, envOf())).code).toBe(0)
    // One may have been on its way, and the configuration is one more.
    const all = (await puts()).filter((status) => status === 200).length
    expect(all).toBeLessThanOrEqual(parts + 2)
    expect((await get(`/v2/team/large/blobs/${layer}`, 'HEAD')).status).toBe(200)
  })

  it('that is stopped by Ctrl-C says how to go on, and has linked nothing', async () => {
    const path = join(directory.path, 'large')
    await writeSparseImage(path, 20 * PART_BYTES)
    const args = ['push', '--way', 'parts', '--jobs', '1', path, `${server.host}/team/large:v1`]
    const pushing = startCli(args, envOf())
    await eventually('some parts have come', () => (putsSoFar().length >= 2 ? true : undefined))
    pushing.process.kill('SIGINT')
    const { code, err } = await pushing.said
    expect([code, err]).toEqual([130, expect.stringContaining('the same command goes on')])
    expect((await get('/v2/team/large/manifests/v1')).status).toBe(404)
  })

  it.each(['single', 'parts'])('survives a connection that breaks (%s)', async (way) => {
    const layout = await writeImage(join(directory.path, 'image'), { layerBytes: 20 * MIB })
    const cutting = await startCuttingProxy(server.host, 10 * MIB)
    const target = `${cutting.host}/team/cut:v1`
    const said = await runCli(['push', '--way', way, layout.path, target], envOf(cutting.host))
    await cutting.close()
    expect([said.code, cutting.cuts()]).toEqual([0, 1])
    const head = await get('/v2/team/cut/manifests/v1', 'HEAD')
    expect(head.headers.get('Docker-Content-Digest')).toBe(layout.digest)
  })

  it.each([
    ['single', 'has the source changed'],
    ['parts', 'did not match'],
  ])('refuses bytes that are not what they are called (%s)', async (way, reason) => {
    const layout = await writeImage(join(directory.path, 'image'), { layers: 1 })
    const layer = await largestBlob(layout.path)
    const handle = await open(join(layout.path, 'blobs', 'sha256', layer), 'r+')
    await handle.write('other bytes', 100)
    await handle.close()
    const args = ['push', '--way', way, layout.path, `${server.host}/team/bad:v1`]
    const said = await runCli(args, envOf())
    expect([said.code, said.err]).toEqual([1, expect.stringContaining(reason)])
    expect((await get(`/v2/team/bad/blobs/sha256:${layer}`, 'HEAD')).status).toBe(404)
    expect((await get('/v2/team/bad/manifests/v1')).status).toBe(404)
  })

  it('says in one line what is wrong', async () => {
    const layout = await writeImage(join(directory.path, 'image'))
    const wrong = { ...envOf(), ROADSTEAD_PASSWORD: 'Wrong12345' }
    const cases = [
      [['nowhere.tar', `${server.host}/team/a:v1`], { DOCKER_HOST: 'unix:///none' }, 'no Docker'],
      [[`oci:${layout.path}:v9`, `${server.host}/team/a:v1`], {}, 'it has: v1'],
      [[layout.path, 'team'], {}, 'expected HOST/PROJECT/NAME:TAG'],
      [[layout.path, `${server.host}/Team/a:v1`], {}, 'lower-case'],
      [[layout.path, `${server.host}/team/a:v1`], wrong, 'authentication required'],
    ] as const
    for (const [args, env, reason] of cases) {
      const { code, err } = await runCli(['push', ...args], { ...envOf(), ...env })
      expect([code, err]).toEqual([1, expect.stringContaining(reason)])
      expect(err).not.toContain('    at ')
      expect(err).not.toContain(login.password)
    }
  })

  it('of a layer of 1 GiB takes less than 250 MB of memory, both ways', async () => {
    const path = join(directory.path, 'huge')
    await writeSparseImage(path, GIB)
    for (const way of ['single', 'parts']) {
      const args = ['push', '--way', way, path, `${server.host}/team/huge-${way}:v1`]
      const said = await runCli(args, envOf())
      expect(said).toMatchObject({ code: 0 })
      expect(said.peakBytes).toBeGreaterThan(0)
      expect(said.peakBytes).toBeLessThan(MAX_MEMORY_BYTES)
    }
  })
})

/** What a push has left in the place where it makes what it sends. */
const leftovers = async (): Promise<readonly string[]> =>
  (await readdir(directory.path)).filter((name) => name.startsWith('roadstead-'))

const largestBlob = async (path: string): Promise<string> => {
  const names = await blobsOf(path)
  const sizes = await Promise.all(
    names.map(async (name) => (await readFile(join(path, 'blobs', 'sha256', name))).byteLength),
  )
  return names[sizes.indexOf(Math.max(...sizes))] ?? ''
}

/** As `docker save` writes it: plain tars, a configuration and a manifest.json that names them. */
const writeDockerArchive = async (tars: readonly Buffer[]): Promise<string> => {
  const hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture: 'amd64', os: 'linux', config: {} },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${hex(tar)}`) },
    }),
  )
  const layers = tars.map((tar) => `${hex(tar)}/layer.tar`)
  const entries = [{ Config: `${hex(config)}.json`, RepoTags: ['saved:v1'], Layers: layers }]
  const root = join(directory.path, `saved-${randomBytes(4).toString('hex')}`)
  for (const [index, tar] of tars.entries()) {
    await run('mkdir', ['-p', join(root, hex(tar))], process.env)
    await writeFile(join(root, layers[index] ?? ''), tar)
  }
  await writeFile(join(root, `${hex(config)}.json`), config)
  await writeFile(join(root, 'manifest.json'), JSON.stringify(entries))
  await run('tar', ['-C', root, '-cf', `${root}.tar`, '.'], process.env)
  return `${root}.tar`
}
