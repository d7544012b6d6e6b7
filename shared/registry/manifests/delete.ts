import { examine, removal } from '../../guards/collect.ts'
import { release } from '../../guards/transition.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseManifest, type Manifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Item, TransactOperation } from '../../ports.ts'
import { writeAll } from '../../store/batch.ts'
import { asSeen } from '../../store/checks.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { queryAll } from '../../store/query.ts'
import { key, parseLabelNumber, prefix, type RepositoryRef } from '../../table.ts'
import { nameUnknown } from '../blobs/find.ts'
import { logged, type RegistryContext } from '../context.ts'
import { referrerKey } from '../referrers/referrers.ts'
import { lackingOf, trashManifest } from '../trash.ts'
import { encodeBody } from './body.ts'
import { childrenOf, releaseChildren, type Pushed } from './children.ts'
import { countArtifact, timesCounted } from './counts.ts'
import { manifestUnknown, readStored } from './get.ts'
import { tombstone } from './intent.ts'
import { parseListedAs, parseManifestRecord, type ManifestRecord } from './items.ts'
import { relistAtOnce } from './relist.ts'
import { dropTags } from './untag.ts'

/**
 * Deletes a manifest and every tag that points at it. What it held is let go at once, and collected when nobody else
 * holds it.
 * @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN; DENIED (409) while an index holds it
 */
export const deleteManifest = async (
  context: RegistryContext,
  name: RepositoryName,
  digest: Digest,
): Promise<void> => {
  const repository = await context.repositories.existing(name)
  if (repository === undefined) throw nameUnknown(name)
  await removeManifest(context, repository, digest, { name })
}

/**
 * As `deleteManifest`, for a repository that need not have a name any more; without one the audit log is told nothing.
 * `others` are written with it.
 * @throws RegistryError MANIFEST_UNKNOWN; DENIED (409) while an index holds it
 */
export const removeManifest = async (
  context: RegistryContext,
  repository: RepositoryRef,
  digest: Digest,
  {
    name,
    others = [],
  }: { readonly name?: RepositoryName; readonly others?: readonly TransactOperation[] } = {},
): Promise<void> => {
  const reference = { kind: 'digest', digest } as const
  const log =
    name === undefined
      ? others
      : [...others, ...logged(context, 'delete', 'artifact', { ...repository, name, reference })]
  // Only indexes stand in the way: tags go with the manifest.
  const holders = prefix.holdingIndexes
  const relists = name !== undefined
  const outcome = await remove(context, repository, digest, { holders, others: log, relists })
  if (outcome === 'absent') throw manifestUnknown(reference)
  if (outcome === 'held') throw heldByIndex(digest)
}

/**
 * Collects a manifest that neither a tag nor an index holds, together with some writes. `kept`: one of them does, or it
 * was not there, or a condition of those writes did not hold.
 */
export const collectManifest = async (
  context: Pick<RegistryContext, 'store' | 'objects'>,
  repository: RepositoryRef,
  digest: Digest,
  effects: readonly TransactOperation[],
): Promise<'collected' | 'kept'> => {
  const wanted = { holders: prefix.holders, others: effects }
  const outcome = await remove(context, repository, digest, wanted)
  return outcome === 'removed' ? 'collected' : 'kept'
}

type Removal = {
  /** Begins the keys of what stands in the way. */
  readonly holders: string
  readonly others: readonly TransactOperation[]
  /** Whether what it held is listed anew at once, for whoever asked. The review behind its tombstone does it anyway. */
  readonly relists?: boolean
}

/** Removes a manifest unless something holds it whose key has a prefix. */
const remove = async (
  context: Pick<RegistryContext, 'store' | 'objects'>,
  repository: RepositoryRef,
  digest: Digest,
  { holders, others, relists = false }: Removal,
): Promise<'removed' | 'held' | 'absent'> => {
  const { store } = context
  const { rid } = repository
  for (;;) {
    const record = await readStored(context, rid, digest, 'strong')
    if (record === undefined) return 'absent'
    const manifest = parseManifest(record.bytes, record.mediaType)
    const pushed: Pushed = { ...repository, digest, inc: record.inc }
    const examined = await examine(store, key.manifest(rid, digest), {
      pk: key.manifest(rid, digest).pk,
      prefix: holders,
      holds: () => true,
    })
    if (examined.outcome === 'held') return 'held'
    if (examined.outcome !== 'empty') continue
    if (parseManifestRecord(examined.guard.item).inc !== record.inc) continue
    const { item } = examined.guard
    const { conditions = [], ...removes } = removal(examined.guard)
    const lacking = await lackingOf(store, repository.pid, manifest, record)
    const own = [
      // Its entry is where the guard says, and goes with it.
      { ...removes, conditions: [...conditions, ...asSeen(item, 'listedAs')] },
      ...effects(store, pushed, item, record, manifest),
      ...trashManifest(store, rid, {
        ...{ digest, record, lacking },
        body: record.oid === undefined ? encodeBody(record.bytes) : undefined,
      }),
    ]
    const outcome = await transact(store, [...own, ...others])
    if (!outcome.done) {
      if (!outcome.reasons.slice(own.length).includes('condition')) continue
      // Somebody else wants it kept; refused means that it was rescued, or is under a later review.
      await release(store, examined.guard)
      return 'held'
    }
    const children = childrenOf(manifest)
    await writeAll(store, releaseChildren(pushed, children))
    if (relists) await relistAtOnce(store, repository, children.manifests)
    await dropTags(store, pushed)
    await dropLabels(store, pushed)
    return 'removed'
  }
}

/** Everything that goes with a manifest's guard, and the tombstone that will clear up after it. */
const effects = (
  store: Store,
  pushed: Pushed,
  guard: Item,
  record: ManifestRecord,
  manifest: Manifest,
): readonly TransactOperation[] => {
  const { rid, digest, inc } = pushed
  const { artifactType } = manifest
  const subject = record.subject
  return [
    { op: 'delete', key: key.manifestBody(rid, digest, inc) },
    { op: 'delete', key: key.listed(rid, parseListedAs(guard), record.pushedAt, digest) },
    ...(subject === undefined
      ? []
      : [{ op: 'delete', key: referrerKey(rid, subject, artifactType, digest, inc) } as const]),
    countArtifact(rid, digest, { by: -timesCounted(guard), changedAt: store.clock.now() }),
    tombstone(store, pushed, childrenOf(manifest), record.oid, {
      until: store.clock.now() + timesOf(store).trash,
    }),
  ]
}

/** Labels name the incarnation that they were put on, so those left behind by a crash are on nothing. */
export const dropLabels = async (
  store: Store,
  { rid, digest }: Pick<Pushed, 'rid' | 'digest'>,
): Promise<void> => {
  const { pk } = key.manifest(rid, digest)
  const labels = { pk, sk: { prefix: prefix.labelsOfArtifact }, read: 'strong' } as const
  const items = await queryAll(store, labels)
  await writeAll(
    store,
    items.flatMap(({ sk }) => [
      { op: 'delete', key: { pk, sk } },
      { op: 'delete', key: key.labelled(rid, parseLabelNumber(sk), digest) },
    ]),
  )
}

const heldByIndex = (digest: Digest): RegistryError =>
  new RegistryError('DENIED', {
    status: 409,
    message: 'an index of this repository holds the manifest; delete the index first',
    detail: { digest },
  })
