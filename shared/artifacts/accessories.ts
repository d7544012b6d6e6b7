/** What is about an artifact: signatures, SBOMs, attestations. */
import { isDigest, type Digest } from '../oci/digest.ts'
import { parseTag } from '../oci/reference.ts'
import { ACCESSORY_TAG_KINDS, type AccessoryTagKind } from '../registry/manifests/accessory-tags.ts'
import {
  parseManifestRecord,
  parseTagRecord,
  type ManifestRecord,
} from '../registry/manifests/items.ts'
import { readAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type RepositoryId } from '../table.ts'
import { numberFor } from './number.ts'

export type Accessory = {
  readonly number: number
  readonly digest: Digest
  /** As Harbor names it: `signature.cosign`, `sbom.harbor`, and so on. */
  readonly type: string
  readonly totalBytes: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** Harbor's names (`pkg/accessory/model`); what it does not know is `subject.accessory`. */
const BY_TAG: Readonly<Record<AccessoryTagKind, string>> = {
  sig: 'signature.cosign',
  att: 'attestation.cosign',
  sbom: 'sbom.cosign',
}
const BY_ARTIFACT_TYPE: Readonly<Record<string, string>> = {
  'application/vnd.cncf.notary.signature': 'signature.notation',
  'application/vnd.dev.cosign.artifact.sig.v1+json': 'signature.cosign',
  'application/vnd.dev.cosign.simplesigning.v1+json': 'signature.cosign',
  'application/vnd.goharbor.harbor.sbom.v1': 'sbom.harbor',
  'application/spdx+json': 'sbom.spdx',
  'application/vnd.cyclonedx+json': 'sbom.cyclonedx',
  'application/vnd.in-toto+json': 'attestation.intoto',
}
const SIGSTORE_BUNDLE = 'application/vnd.dev.sigstore.bundle.'
const OTHER = 'subject.accessory'

/** More accessories of one artifact than this are not looked at. */
const MOST_ACCESSORIES = 1_000

/** What is about an artifact, the oldest first: manifests whose subject it is, and what cosign's tags name. */
export const readAccessories = async (
  store: Store,
  rid: RepositoryId,
  subject: Digest,
): Promise<readonly Accessory[]> => {
  const tagKeys = cosignTagKeys(rid, subject)
  const [referrers, tags] = await Promise.all([
    readReferrers(store, rid, subject),
    readAll(
      store,
      tagKeys.map(({ tag }) => tag),
      'strong',
    ),
  ])
  const types = new Map<Digest, string | undefined>(referrers.map((digest) => [digest, undefined]))
  for (const { kind, tag } of tagKeys) {
    const item = tags.get(tag)
    if (item !== undefined) types.set(parseTagRecord(item).digest, BY_TAG[kind])
  }
  const digests = [...types.keys()]
  const found = await readAll(
    store,
    digests.map((digest) => key.manifest(rid, digest)),
    'strong',
  )
  return digests
    .flatMap((digest) => {
      const item = found.get(key.manifest(rid, digest))
      if (item === undefined) return []
      const record = parseManifestRecord(item)
      return [
        {
          number: numberFor('accessory', rid, subject, digest),
          digest,
          type: types.get(digest) ?? typeOfReferrer(record),
          totalBytes: record.contentSize ?? record.sizeBytes,
          createdAt: record.pushedAt,
        },
      ]
    })
    .sort((one, other) => one.createdAt - other.createdAt)
}

const cosignTagKeys = (rid: RepositoryId, subject: Digest) =>
  subject.startsWith('sha256:')
    ? ACCESSORY_TAG_KINDS.map((kind) => ({
        kind,
        tag: key.tag(rid, parseTag(`${subject.replace(':', '-')}.${kind}`)),
      }))
    : []

const readReferrers = async (
  store: Store,
  rid: RepositoryId,
  subject: Digest,
): Promise<readonly Digest[]> => {
  const { pk } = key.manifest(rid, subject)
  const query = { pk, sk: { prefix: prefix.referrers }, keysOnly: true, read: 'strong' } as const
  const digests: Digest[] = []
  for await (const items of pages(store, query)) {
    digests.push(...items.flatMap(({ sk }) => sk.split('#').slice(-2, -1).filter(isDigest)))
    if (digests.length >= MOST_ACCESSORIES) break
  }
  return digests.slice(0, MOST_ACCESSORIES)
}

const typeOfReferrer = ({ artifactType = '' }: ManifestRecord): string =>
  artifactType.startsWith(SIGSTORE_BUNDLE)
    ? 'signature.cosign'
    : (BY_ARTIFACT_TYPE[artifactType] ?? OTHER)
