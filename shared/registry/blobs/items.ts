import * as z from 'zod'
import { newGuard } from '../../guards/guard.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Item, PutItem } from '../../ports.ts'
import {
  key,
  SCHEMA_VERSION,
  type ObjectId,
  type ProjectId,
  type RepositoryRef,
} from '../../table.ts'
import { timesOf, type Store } from '../../store/store.ts'

const blobItem = z.object({
  size: z.number(),
  oid: z.string(),
  missingAt: z.number().optional(),
  isCorrupt: z.boolean().optional(),
})
const linkItem = z.object({ size: z.number() })
const leaseItem = z.object({ expiresAt: z.number() })

export type Blob = {
  readonly sizeBytes: number
  readonly oid: ObjectId
  /**
   * When an audit found that its bytes are lost; epoch milliseconds. Such a blob is there for whoever holds it, and for
   * nobody who asks for it: so it is pushed again, and has bytes again.
   */
  readonly missingAt?: number | undefined
  /** It was read, and its bytes have another digest. */
  readonly isCorrupt?: boolean | undefined
}

export const parseBlob = (item: Item): Blob => {
  const { size, oid, ...marks } = blobItem.parse(item)
  return { sizeBytes: size, oid: oid as ObjectId, ...marks }
}

/** As `parseBlob`; `undefined` for one whose bytes are lost. */
export const parseWholeBlob = (item: Item): Blob | undefined => {
  const blob = parseBlob(item)
  return blob.missingAt === undefined ? blob : undefined
}

/** Milliseconds that a lease has left; 0 when it is absent or over. */
export const leaseLeft = (item: Item | undefined, now: number): number =>
  item === undefined ? 0 : Math.max(0, leaseItem.parse(item).expiresAt - now)

/** Whether a child of a blob or link holds it at this time: everything but a lease that is over does. */
export const holds = (item: Item, now: number): boolean =>
  !('expiresAt' in item) || leaseLeft(item, now) > 0

export const linkSize = (item: Item): number => linkItem.parse(item).size

const absent = [{ kind: 'absent' }] as const

export const newBlob = (digest: Digest, blob: Blob, version: string, now: number): PutItem => ({
  op: 'put',
  item: {
    ...key.blob(digest),
    v: SCHEMA_VERSION,
    ...newGuard(version),
    size: blob.sizeBytes,
    oid: blob.oid,
    createdAt: now,
  },
  conditions: absent,
})

export const newLink = (
  digest: Digest,
  pid: ProjectId,
  sizeBytes: number,
  version: string,
): PutItem => ({
  op: 'put',
  item: { ...key.link(digest, pid), v: SCHEMA_VERSION, ...newGuard(version), size: sizeBytes },
  conditions: absent,
})

export const newLease = (store: Store, digest: Digest, repository: RepositoryRef): PutItem => ({
  op: 'put',
  item: {
    ...key.lease(digest, repository),
    v: SCHEMA_VERSION,
    expiresAt: store.clock.now() + timesOf(store).lease,
  },
})
