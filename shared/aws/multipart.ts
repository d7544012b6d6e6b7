/** S3's multipart uploads. */
import { wholeOf } from '../incoming.ts'
import { assertPartNumber } from '../limits.ts'
import type { Multipart, Part } from '../ports.ts'
import type { BucketClient } from './bucket-client.ts'
import { call, unhurried } from './failures.ts'

type RefusedCompletion = Exclude<Awaited<ReturnType<Multipart['complete']>>, 'created'>

export const createAwsMultipart = (
  open: BucketClient,
  bucket: string,
  signedPart: Multipart['signedPart'],
): Multipart => ({
  start: async (key) => {
    const { client, sdk } = await open()
    const command = new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: key })
    const { UploadId: uploadId } = await call('write', async () => await client.send(command))
    return present(uploadId, 'an upload without an id')
  },

  putPart: async (key, uploadId, partNumber, bytes) => {
    assertPartNumber(partNumber)
    const { client, sdk } = await open()
    const command = new sdk.UploadPartCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      PartNumber: partNumber,
      // As a whole, so that it can be sent again.
      Body: await wholeOf(bytes),
    })
    const answer = await call('write', async () => await client.send(command), unknownUpload)
    return answer === 'unknownUpload' ? undefined : present(answer.ETag, 'a part without an etag')
  },

  signedPart,

  parts: async (key, uploadId, after) => {
    const { client, sdk } = await open()
    const command = new sdk.ListPartsCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      ...(after !== undefined && { PartNumberMarker: String(after) }),
    })
    const answer = await call('read', async () => await client.send(command), unknownUpload)
    if (answer === 'unknownUpload') return undefined
    const parts = (answer.Parts ?? []).map(({ ETag, PartNumber = 0, Size = 0 }) => ({
      number: PartNumber,
      etag: present(ETag, 'a part without an etag'),
      sizeBytes: Size,
    }))
    const next = answer.IsTruncated === true ? parts.at(-1)?.number : undefined
    return { parts, ...(next !== undefined && { next }) }
  },

  complete: async (key, uploadId, parts, { ifAbsent }) => {
    // S3 would call a list of no parts malformed; and what stands in for S3 may not mind their order.
    if (parts.length === 0 || !ascends(parts)) return 'invalidPart'
    const { once, sdk } = await open()
    const command = new sdk.CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: {
        Parts: parts.map(({ etag, number }) => ({ ETag: etag, PartNumber: number })),
      },
      ...(ifAbsent && { IfNoneMatch: '*' }),
    })
    return await call<'created', RefusedCompletion>(
      'write',
      async () => {
        await unhurried(async () => await once.send(command))
        return 'created' as const
      },
      refusedCompletion,
    )
  },

  abort: async (key) => {
    const { client, sdk } = await open()
    /** Looks again from the start after every full page: what was aborted is no longer listed. */
    const abortPage = async (): Promise<boolean> => {
      const command = new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key })
      const page = await call('read', async () => await client.send(command))
      // Listed by key, so uploads of longer keys with the same beginning stand behind ours.
      const ours = (page.Uploads ?? []).filter((upload) => upload.Key === key)
      for (const { UploadId } of ours) {
        const drop = new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId })
        await call('write', async () => await client.send(drop), unknownUpload)
      }
      return page.IsTruncated === true && ours.length > 0
    }
    while (await abortPage());
  },
})

const ascends = (parts: readonly Part[]): boolean =>
  parts.every(({ number }, index) => number > (parts[index - 1]?.number ?? 0))

const unknownUpload = (code: string): 'unknownUpload' | undefined =>
  code === 'NoSuchUpload' ? 'unknownUpload' : undefined

const refusedCompletion = (code: string): RefusedCompletion | undefined => {
  switch (code) {
    case 'NoSuchUpload':
      return 'unknownUpload'
    case 'InvalidPart':
    case 'InvalidPartOrder':
      return 'invalidPart'
    case 'EntityTooSmall':
      return 'partTooSmall'
    case 'PreconditionFailed':
      return 'exists'
    default:
      return undefined
  }
}

const present = (value: string | undefined, otherwise: string): string => {
  if (value === undefined) throw new Error(`S3 answered ${otherwise}`)
  return value
}
