/** `Objects` on one S3 bucket. */
import { Readable } from 'node:stream'
import { assertRange } from '../limits.ts'
import type { Multipart, Objects } from '../ports.ts'
import type { BucketClient } from './bucket-client.ts'
import { call, failureOf, unhurried } from './failures.ts'
import { createAwsMultipart } from './multipart.ts'
import { encodeKey } from './signing.ts'

const MAX_DELETED = 1_000

/** How this bucket's URLs are signed. */
export type Signed = {
  readonly read: Objects['signedRead']
  readonly put: Objects['signedPut']
  readonly part: Multipart['signedPart']
}

export const createAwsObjects = (open: BucketClient, bucket: string, signed: Signed): Objects => ({
  put: async (key, bytes, { ifAbsent }) => {
    const { client, once, sdk } = await open()
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: Buffer.concat(bytes),
      ...(ifAbsent && { IfNoneMatch: '*' }),
    })
    return await call<'created', 'exists'>(
      'write',
      async () => {
        await (ifAbsent ? unhurried(async () => await once.send(command)) : client.send(command))
        return 'created'
      },
      taken,
    )
  },

  head: async (key) => await headObject(open, bucket, key),

  get: async (key, range) => {
    const { client, sdk } = await open()
    const found = await headObject(open, bucket, key)
    if (found === undefined) return undefined
    const { sizeBytes } = found
    if (range !== undefined) assertRange(range, sizeBytes)
    // Asked for at the first read: a body that nobody reads would keep one of the client's few connections.
    const body = async function* (): AsyncGenerator<Uint8Array> {
      const command = new sdk.GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range !== undefined && { Range: `bytes=${range.start}-${range.end}` }),
      })
      const { Body: stream } = await call('read', async () => await client.send(command))
      if (!(stream instanceof Readable)) throw new Error('S3 answered no stream')
      const chunks: AsyncIterable<Uint8Array> = stream
      try {
        yield* chunks
      } catch (error) {
        throw failureOf('read', error)
      }
    }
    return { sizeBytes, body: body() }
  },

  copy: async (from, to, { ifAbsent }) => {
    const { client, once, sdk } = await open()
    const command = new sdk.CopyObjectCommand({
      Bucket: bucket,
      Key: to,
      CopySource: `${bucket}/${encodeKey(from)}`,
      ...(ifAbsent && { IfNoneMatch: '*' }),
    })
    return await call<'created', 'exists' | 'unknownSource'>(
      'write',
      async () => {
        await (ifAbsent ? unhurried(async () => await once.send(command)) : client.send(command))
        return 'created'
      },
      (code) => taken(code) ?? (absent(code) === undefined ? undefined : 'unknownSource'),
    )
  },

  deleteMany: async (keys) => {
    if (keys.length === 0) return []
    if (keys.length > MAX_DELETED) throw new RangeError(`${keys.length} keys to delete`)
    const { client, sdk } = await open()
    const command = new sdk.DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: true },
    })
    const { Errors: errors = [] } = await call('write', async () => await client.send(command))
    return errors.flatMap(({ Code, Key }) =>
      Key === undefined || Code === 'NoSuchKey' ? [] : [Key],
    )
  },

  list: async (prefix, after) => {
    const { client, sdk } = await open()
    const command = new sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(after !== undefined && { StartAfter: after }),
    })
    const answer = await call('read', async () => await client.send(command))
    const keys = (answer.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
    const next = answer.IsTruncated === true ? keys.at(-1) : undefined
    return { keys, ...(next !== undefined && { next }) }
  },

  inspect: async (key) => {
    const { client, sdk } = await open()
    const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' })
    const answer = await call('read', async () => await client.send(command), absent)
    if (answer === 'absent') return undefined
    const sha256 = wholeChecksum(answer.ChecksumSHA256)
    return { sizeBytes: answer.ContentLength ?? 0, ...(sha256 !== undefined && { sha256 }) }
  },

  signedRead: signed.read,
  signedPut: signed.put,
  multipart: createAwsMultipart(open, bucket, signed.part),
})

/** A checksum of parts ends in their number, and says nothing of the whole. */
const wholeChecksum = (base64: string | undefined): string | undefined =>
  base64 === undefined || base64.includes('-')
    ? undefined
    : Buffer.from(base64, 'base64').toString('hex')

const headObject = async (
  open: BucketClient,
  bucket: string,
  key: string,
): Promise<{ readonly sizeBytes: number } | undefined> => {
  const { client, sdk } = await open()
  const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key })
  const answer = await call('read', async () => await client.send(command), absent)
  return answer === 'absent' ? undefined : { sizeBytes: answer.ContentLength ?? 0 }
}

const taken = (code: string): 'exists' | undefined =>
  code === 'PreconditionFailed' ? 'exists' : undefined

const absent = (code: string): 'absent' | undefined => {
  if (code === 'InvalidRange') throw new RangeError('the range lies outside the object')
  return code === 'NoSuchKey' || code === 'NotFound' ? 'absent' : undefined
}
