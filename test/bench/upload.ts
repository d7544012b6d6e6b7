import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { memoryOf } from './memory.ts'
import { BenchError } from './options.ts'
import type { Row } from './numbers.ts'
import { createRows } from './rows.ts'
import { expectStatus, startUpload } from './seed.ts'
import { NAMES, withServers } from './servers.ts'

const CHUNK_BYTES = 1024 * 1024
const CHUNKS = 5_000
const REPOSITORY = 'bench/upload'

/** Puts 5 GB in one request: how long it takes, and how much memory the registry has held at most. */
export const upload = async (
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  const base = randomBytes(CHUNK_BYTES)
  progress('hashing 5 GB')
  const hash = createHash('sha256')
  for (const chunk of chunksOf(base)) hash.update(chunk)
  const digest = `sha256:${hash.digest('hex')}`
  const rows = createRows()
  // One at a time: three copies of 5 GB need not fit.
  for (const name of NAMES) {
    await withServers(directory, [name], async ([server]) => {
      if (server === undefined) return
      progress(`upload, ${name}`)
      const before = await memoryOf(server.pid)
      const began = performance.now()
      await put(await startUpload(server, REPOSITORY, digest), base)
      rows.add('upload of 5 GB', 's', false, name, (performance.now() - began) / 1000)
      const head = await expectStatus(`${server.url}/v2/${REPOSITORY}/blobs/${digest}`, 200, {
        method: 'HEAD',
      })
      if (Number(head.headers.get('content-length')) !== CHUNK_BYTES * CHUNKS) {
        throw new BenchError(`${name} has not kept all of the blob`)
      }
      const after = await memoryOf(server.pid)
      if (before === undefined || after === undefined) return
      rows.add('memory before', 'MB', false, name, before.now)
      rows.add('memory at its peak', 'MB', false, name, after.peak)
    })
  }
  return rows.list()
}

/** The same random bytes over and over, each time numbered, so that no two pieces are alike. */
const chunksOf = function* (base: Buffer): Generator<Buffer> {
  for (let index = 0; index < CHUNKS; index += 1) {
    const chunk = Buffer.from(base)
    chunk.writeUInt32BE(index)
    yield chunk
  }
}

/** By `node:http`, which waits for the registry to take what it was given. */
const put = async (location: URL, base: Buffer): Promise<void> => {
  const sent = request(location, {
    method: 'PUT',
    headers: {
      'content-length': CHUNK_BYTES * CHUNKS,
      'content-type': 'application/octet-stream',
    },
  })
  const answered = new Promise<number>((resolve, reject) => {
    sent.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.once('error', reject)
  })
  await pipeline(Readable.from(chunksOf(base)), sent)
  const status = await answered
  if (status !== 201) throw new BenchError(`the upload of 5 GB was answered with ${status}`)
}
