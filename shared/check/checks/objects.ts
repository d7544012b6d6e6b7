import { holdersOfBlob } from '../../gc/holders.ts'
import { isHeld } from '../../guards/collect.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Item } from '../../ports.ts'
import { readAll } from '../../store/batch.ts'
import { getItem } from '../../store/query.ts'
import {
  key,
  type Incarnation,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../../table.ts'
import type { Task } from '../../tasks/tasks.ts'
import { isSo } from '../confirm.ts'
import { isAbsent, isAsFound, isAsSeen } from '../../store/checks.ts'
import { sideBySide } from '../../limiter.ts'
import { numberIn } from '../../store/known.ts'
import { entriesOf, type Check, type CheckContext, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** An object belongs to the blob or manifest that it says, comes in, or is about to be deleted. */
export const checkObjects: Check = async (context, entries) => {
  const { before, store } = context
  const old = entriesOf(entries, 'object').filter(
    ({ item }) => numberIn(item, 'updatedAt') < before,
  )
  const owned = old.filter(({ item }) => item['state'] === 'OWN')
  const owners = await readAll(
    store,
    owned.map(({ item }) => ownerOf(item)),
    'eventual',
  )
  const odd = owned.filter(({ item, of }) => owners.get(ownerOf(item))?.['oid'] !== of.oid)
  return [
    ...old.flatMap(({ item, of }) => atRest(context, item, of.oid)),
    ...(await sideBySide(odd, async ({ item, of }) => await withoutOwner(context, item, of.oid))),
  ]
}

/** The object of a manifest's body says which push of which manifest wrote it. */
const pushOf = ({ digest, inc, pid, rid }: Item) =>
  inc === undefined
    ? undefined
    : {
        pid: String(pid) as ProjectId,
        rid: String(rid) as RepositoryId,
        digest: String(digest) as Digest,
        inc: String(inc) as Incarnation,
      }

const ownerOf = (item: Item) => {
  const push = pushOf(item)
  return push === undefined
    ? key.blob(String(item['digest']) as Digest)
    : key.manifest(push.rid, push.digest)
}

/** Gives up the body of a push that is gone, and holds nothing else. */
const giveUp = (push: NonNullable<ReturnType<typeof pushOf>>, oid: ObjectId): Task => {
  const nothing = new Uint8Array()
  return { type: 'TOMBSTONE', ...push, blobs: nothing, manifests: nothing, oid }
}

const atRest = ({ store }: CheckContext, item: Item, oid: ObjectId): readonly Suspect[] => {
  const push = pushOf(item)
  const awaits = [token.object(oid)]
  const isStill = async () => await isSo(store, [isAsSeen(item, 'state', 'version', 'updatedAt')])
  if (item['state'] === 'DOOM') {
    const digest = push === undefined ? (item['digest'] as Digest | undefined) : undefined
    const repair = [{ type: 'OBJECT_DELETE', oid, digest }] as const
    return [{ finding: { kind: 'objectUndeleted', oid }, awaits, repair, confirm: isStill }]
  }
  if (item['state'] !== 'UP') return []
  if (push === undefined) {
    const repair = [{ type: 'UPLOAD_REVIEW', oid }] as const
    return [
      {
        finding: { kind: 'uploadUnreviewed', oid },
        awaits: [token.upload(oid), ...awaits],
        ...{ repair, confirm: isStill },
      },
    ]
  }
  const { digest, inc, rid } = push
  return [
    {
      finding: { kind: 'pushUnreviewed', rid, manifest: digest, oid },
      awaits: [...awaits, token.push(rid, digest, inc)],
      repair: [giveUp(push, oid)],
      // A push that is under way has an intent, which has a check of its own.
      confirm: async () =>
        (await getItem(store, key.manifest(rid, digest), 'strong'))?.['inc'] !== inc &&
        (await isSo(store, [
          isAsSeen(item, 'state', 'version'),
          isAbsent(key.intent(rid, digest, inc)),
        ])),
    },
  ]
}

const withoutOwner = async (
  { store }: CheckContext,
  item: Item,
  oid: ObjectId,
): Promise<Suspect> => {
  const ownerKey = ownerOf(item)
  const push = pushOf(item)
  const confirm = async () => {
    const owner = await getItem(store, ownerKey, 'strong')
    if (owner?.['oid'] === oid) return false
    return await isSo(store, [
      isAsSeen(item, 'state', 'version'),
      isAsFound(ownerKey, owner, 'oid'),
    ])
  }
  if (push !== undefined) {
    const { digest, inc, rid } = push
    return {
      finding: { kind: 'objectWithoutOwner', rid, manifest: digest, oid },
      awaits: [token.object(oid), token.push(rid, digest, inc)],
      repair: [giveUp(push, oid)],
      confirm,
    }
  }
  const digest = String(item['digest']) as Digest
  // Of a blob that is still held it must have been the bytes.
  const isWanted =
    (await getItem(store, ownerKey, 'strong')) === undefined &&
    (await isHeld(store, holdersOfBlob(store, digest)))
  const kind = isWanted ? 'bytesWithoutBlob' : 'objectWithoutOwner'
  return {
    finding: { kind, blob: digest, oid },
    awaits: [token.object(oid)],
    repair: [{ type: 'BLOB_REPAIR', digest, oid }],
    confirm,
  }
}
