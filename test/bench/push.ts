import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createLimiter } from '../../shared/limiter.ts'
import { startAwsRegistry, type AwsRegistry } from '../support/aws-registry.ts'
import { runCli } from '../support/cli.ts'
import { writeSparseImage } from '../support/sparse.ts'
import { CREDENTIALS, startMinistack } from '../tools/endpoints/start.ts'
import type { Row } from './numbers.ts'
import { BenchError, type BenchOptions } from './options.ts'
import { createRows } from './rows.ts'

/** Compared in one table; ours goes first. */
export const PUSH_NAMES = ['roadstead', 'bare SDK'] as const
type PushName = (typeof PUSH_NAMES)[number]

const MEGABYTE = 1_000_000
const PART_BYTES = 16 * 1024 * 1024
const JOBS = 4
const SECOND_MS = 1_000

type Way = 'single' | 'parts'

/** One layer, put at once and in parts, by us and by the SDK alone, in turns; each into a fresh bucket. */
export const push = async (
  { megabytes, rounds }: BenchOptions,
  directory: string,
  progress: (text: string) => void,
): Promise<readonly Row[]> => {
  const rows = createRows()
  const path = join(directory, 'image')
  progress(`a layer of ${megabytes} MB`)
  const digest = await writeSparseImage(path, megabytes * MEGABYTE)
  const layer = join(path, 'blobs', digest.replace(':', '/'))
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of ['single', 'parts'] as const) {
      for (const name of round % 2 === 0 ? PUSH_NAMES : PUSH_NAMES.toReversed()) {
        progress(`round ${round}, ${way}, ${name}`)
        const { memory, seconds } = await measure(name, way, path, layer, directory)
        rows.add(`push of ${megabytes} MB, ${way}`, 'MB/s', true, name, megabytes / seconds)
        if (memory !== undefined) rows.add(`memory, ${way}`, 'MB', false, name, memory / MEGABYTE)
      }
    }
  }
  await rm(path, { recursive: true })
  return rows.list()
}

type Measured = { readonly seconds: number; readonly memory?: number }

/** On an endpoint of its own: it keeps objects in memory, and would only grow. */
const measure = async (
  name: PushName,
  way: Way,
  path: string,
  layer: string,
  directory: string,
): Promise<Measured> => {
  const ministack = await startMinistack()
  const registry = await startAwsRegistry(ministack.endpoint)
  try {
    const began = performance.now()
    let memory: number | undefined
    if (name === 'roadstead') memory = await pushed(registry, way, path, directory)
    else await put(ministack.endpoint, registry.bucket, way, layer)
    const seconds = (performance.now() - began) / SECOND_MS
    return memory === undefined ? { seconds } : { seconds, memory }
  } finally {
    await registry.stop()
    await ministack.stop()
  }
}

const pushed = async (
  { host }: AwsRegistry,
  way: Way,
  path: string,
  directory: string,
): Promise<number> => {
  const env = { XDG_CACHE_HOME: directory, XDG_CONFIG_HOME: directory }
  const args = ['push', '--way', way, '--jobs', String(JOBS), path, `${host}/bench/push:v1`]
  const { code, err, peakBytes } = await runCli(args, env)
  if (code !== 0) throw new BenchError(err)
  return peakBytes
}

const put = async (endpoint: string, bucket: string, way: Way, layer: string): Promise<void> => {
  const client = new S3Client({
    ...{ endpoint, forcePathStyle: true, region: CREDENTIALS.AWS_REGION },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  const { size } = await stat(layer)
  const target = { Bucket: bucket, Key: 'bare' }
  if (way === 'single') {
    const Body = createReadStream(layer)
    await client.send(new PutObjectCommand({ ...target, Body, ContentLength: size }))
    return
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
  const limiter = createLimiter(JOBS)
  const parts = await Promise.all(
    Array.from({ length: Math.ceil(size / PART_BYTES) }, async (_, index) => {
      const start = index * PART_BYTES
      const end = Math.min(size, start + PART_BYTES)
      const { ETag } = await limiter(
        async () =>
          await client.send(
            new UploadPartCommand({
              ...{ ...target, UploadId, PartNumber: index + 1, ContentLength: end - start },
              Body: createReadStream(layer, { start, end: end - 1 }),
            }),
          ),
      )
      return { ETag, PartNumber: index + 1 }
    }),
  )
  const complete = { ...target, UploadId, MultipartUpload: { Parts: parts } }
  await client.send(new CompleteMultipartUploadCommand(complete))
}
