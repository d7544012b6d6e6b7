import { bucketKey } from '../../shared/bucket.ts'
import { DELETING } from '../../shared/registry/doom.ts'
import type { Digest } from '../../shared/oci/digest.ts'
import type { Item } from '../../shared/ports.ts'
import { GUARD, TRASHED_BLOBS, key, parseTrashedBlob } from '../../shared/table.ts'
import type { Story } from './clients.ts'
import { bytesIn, parsed } from './invariants.ts'

/**
 * What was deleted can be brought back for as long as its record says: its own bytes are there, and those of every blob
 * that it refers to, be it a blob still or in the trash, where nobody has begun to delete it.
 */
export const brokenTrash = ({ pulls, world }: Story): string[] => {
  // Where nobody leaves anything alone there is no such promise.
  if (pulls === undefined) return []
  const now = world.scheduler.now()
  const { bucket, table } = world
  const items = table.items()
  const inTrash = items.filter(
    ({ pk, sk, until }) =>
      pk.startsWith('TRASH#') && sk.startsWith('MANIFEST#') && Number(until) > now,
  )
  if (inTrash.length === 0) return []
  const partitions = Map.groupBy(
    items.filter(({ pk, sk }) => pk.startsWith('BLOB#') && isOfTrash(sk)),
    ({ pk }) => pk,
  )
  const isThere = (digest: Digest): boolean => {
    const { pk } = key.blob(digest)
    if ([...table.locks].some((name) => name.startsWith(pk) || name.startsWith('OBJECT#'))) {
      return true
    }
    const found = partitions.get(pk) ?? []
    return found.some(({ sk }) => sk === GUARD || isKept(parseTrashedBlob(sk)))
  }
  const isKept = (oid: ReturnType<typeof parseTrashedBlob>): boolean => {
    const record = table.get(key.object(oid))
    return (
      record?.['state'] === 'DOOM' &&
      record[DELETING] !== true &&
      bucket.objects.has(bucketKey.object(oid))
    )
  }
  return inTrash.flatMap((item: Item): string[] => {
    const bytes = bytesIn(world, item)
    if (bytes === undefined) return [`the trash has lost the bytes of ${item.pk} ${item.sk}`]
    return parsed(bytes)
      .blobs.filter(({ digest }) => !isThere(digest))
      .map(({ digest }) => `the trash has lost ${digest} of ${item.pk} ${item.sk}`)
  })
}

const isOfTrash = (sk: string): boolean => sk === GUARD || sk.startsWith(TRASHED_BLOBS)
