import { newGuard } from '../../guards/guard.ts'
import type { TransactOperation } from '../../ports.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key, type ObjectId } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { logged, type RegistryContext } from '../context.ts'
import { putReferrer } from '../referrers/referrers.ts'
import { putBody } from './body.ts'
import { packDigests } from './children.ts'
import { accessoryTagOf } from './accessory-tags.ts'
import { countArtifact } from './counts.ts'
import { summaryOf } from './items.ts'
import { pointTag, readTags, type TagsBefore } from './point.ts'
import { firstOf, type Push } from './push.ts'

const MAX_RACES = 20

/**
 * Turns the intent into the manifest: guard, body, tags, list entry and referrer entry, all in one transaction. Answers
 * false when it may not any more: the manifest was committed by another push, or the intent was given up as dead.
 */
export const commitManifest = async (
  context: RegistryContext,
  push: Push,
  before: TagsBefore,
): Promise<boolean> => {
  const { store } = context
  const { digest, name, tags } = push
  let tagsBefore = before
  for (let race = 0; race < MAX_RACES; race += 1) {
    const own = ownWrites(store, push)
    const outcome = await transact(store, [
      ...own,
      ...tagWrites(store, push, tagsBefore),
      ...logged(context, 'create', 'artifact', {
        ...push.pushed,
        name,
        reference: firstOf(tags, digest),
      }),
    ])
    if (outcome.done) return true
    if (outcome.reasons.slice(0, own.length).includes('condition')) return false
    // Only a tag moved meanwhile: what is held and verified stays so, and the tag is looked at again.
    tagsBefore = await readTags(store, push.pushed.rid, push.tags)
    push.checkTags?.(tagsBefore)
  }
  return false
}

const ownWrites = (store: Store, push: Push): readonly TransactOperation[] => {
  const { pushed, manifest, digest, bytes, tags, body, children, oid, isSparse = false } = push
  const { pid, rid, inc } = pushed
  const now = store.clock.now()
  const subject = manifest.subject?.digest
  const accessoryOf = subject ?? tags.map((tag) => accessoryTagOf(tag)?.of).find(Boolean)
  const summary = summaryOf(manifest, inc, bytes.byteLength, now, accessoryOf)
  const listedAs = accessoryOf === undefined ? 'artifact' : 'accessory'
  return [
    { op: 'delete', key: key.intent(rid, digest, inc), conditions: [{ kind: 'exists' }] },
    {
      op: 'put',
      item: {
        ...key.manifest(rid, digest),
        ...summary,
        ...newGuard(store.ids.next()),
        listedAs,
        ...(subject === undefined ? {} : { subject }),
        ...(oid === undefined ? {} : { oid }),
        ...(isSparse && { isSparse }),
      },
      conditions: [{ kind: 'absent' }],
    },
    oid === undefined ? putBody(rid, digest, inc, body) : ownObject(store, oid),
    { op: 'put', item: { ...key.listed(rid, listedAs, now, digest), ...summary } },
    countArtifact(rid, digest, { by: listedAs === 'artifact' ? 1 : 0, changedAt: now }),
    ...(subject === undefined
      ? []
      : [putReferrer(rid, subject, manifest, digest, bytes.byteLength, inc)]),
    ...(tags.length > 0
      ? []
      : [enqueue(store.ids, now, { type: 'MANIFEST_REVIEW', pid, rid, digest } as const)]),
    ...(children.manifests.length === 0
      ? []
      : [
          enqueue(store.ids, now, {
            type: 'LISTING_REVIEW',
            ...{ pid, rid, digest, parts: packDigests(children.manifests) },
          } as const),
        ]),
  ]
}

const ownObject = (store: Store, oid: ObjectId): TransactOperation => ({
  op: 'update',
  key: key.object(oid),
  set: { state: 'OWN', version: store.ids.next(), updatedAt: store.clock.now() },
  conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'state', value: 'UP' }],
})

const tagWrites = (
  store: Store,
  { pushed, manifest, digest, bytes, tags }: Push,
  before: TagsBefore,
): readonly TransactOperation[] => {
  const { mediaType } = manifest
  const target = { ...pushed, digest, mediaType, sizeBytes: bytes.byteLength }
  return tags.flatMap((tag) =>
    // `holdAndVerify` took hold of it: a holder that comes with the guard may be seen after the guard.
    pointTag(store, tag, target, before.get(tag), { isHeld: true }),
  )
}
