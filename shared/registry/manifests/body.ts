import { gunzipSync, gzipSync } from 'node:zlib'
import * as z from 'zod'
import { bucketKey } from '../../bucket.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Item, Objects, PutItem } from '../../ports.ts'
import { key, SCHEMA_VERSION, type Incarnation, type RepositoryId } from '../../table.ts'
import type { ManifestRecord } from './items.ts'

/** One read unit of the table: smaller bodies gain nothing by compression, and are served faster without. */
const COMPRESS_ABOVE_BYTES = 4_096

const bodyItem = z.object({ bytes: z.instanceof(Uint8Array), gzip: z.boolean() })

/** A body as an item stores it. */
export type StoredBody = { readonly bytes: Uint8Array; readonly gzip: boolean }

/** How a body would be stored in the table; its size decides whether it is. */
export const encodeBody = (bytes: Uint8Array): StoredBody =>
  bytes.byteLength <= COMPRESS_ABOVE_BYTES
    ? { bytes, gzip: false }
    : { bytes: gzipSync(bytes), gzip: true }

/** The bytes of a body that an item holds. */
export const decodeBody = (item: Item): Uint8Array => {
  const { bytes, gzip } = bodyItem.parse(item)
  return gzip ? gunzipSync(bytes) : bytes
}

export const putBody = (
  rid: RepositoryId,
  digest: Digest,
  inc: Incarnation,
  body: StoredBody,
): PutItem => ({
  op: 'put',
  item: { ...key.manifestBody(rid, digest, inc), v: SCHEMA_VERSION, ...body },
})

/** The very bytes that were pushed; `undefined` when neither the table nor the bucket has them. */
export const readBody = async (
  objects: Objects,
  record: ManifestRecord,
  item: Item | undefined,
): Promise<Uint8Array | undefined> => {
  if (record.oid === undefined) return item && decodeBody(item)
  const object = await objects.get(bucketKey.object(record.oid))
  return object && Buffer.concat(await Array.fromAsync(object.body))
}
