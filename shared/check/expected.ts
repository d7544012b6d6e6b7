import type { Digest } from '../oci/digest.ts'
import type { Manifest } from '../oci/manifest.ts'
import type { Key } from '../ports.ts'
import { childrenOf, holderKeys, type Pushed } from '../registry/manifests/children.ts'
import type { ManifestRecord } from '../registry/manifests/items.ts'
import { referrerKey } from '../registry/referrers/referrers.ts'
import { key, type ListedAs } from '../table.ts'

/** What there must be beside a manifest. */
export type Expected = {
  /** By which it holds its children, and is found. */
  readonly own: readonly Key[]
  readonly blobs: readonly { readonly digest: Digest; readonly blob: Key; readonly link: Key }[]
  readonly manifests: readonly { readonly digest: Digest; readonly guard: Key }[]
}

/** `isSparse`: it may refer to what is not there; it holds that all the same. */
export const expectedOf = (
  pushed: Pushed,
  { listedAs, pushedAt }: Pick<ManifestRecord, 'pushedAt'> & { readonly listedAs: ListedAs },
  manifest: Manifest,
  isSparse: boolean,
): Expected => {
  const { digest, inc, pid, rid } = pushed
  const { artifactType, blobs, manifests, subject } = manifest
  return {
    own: [
      ...holderKeys(pushed, childrenOf(manifest)),
      key.listed(rid, listedAs, pushedAt, digest),
      ...(subject === undefined
        ? []
        : [referrerKey(rid, subject.digest, artifactType, digest, inc)]),
    ],
    blobs: blobs
      .filter(({ optional }) => !optional && !isSparse)
      .map((blob) => ({
        digest: blob.digest,
        blob: key.blob(blob.digest),
        link: key.link(blob.digest, pid),
      })),
    manifests: (isSparse ? [] : manifests).map((child) => ({
      digest: child.digest,
      guard: key.manifest(rid, child.digest),
    })),
  }
}

export const keysOf = ({ blobs, manifests, own }: Expected): readonly Key[] => [
  ...own,
  ...blobs.flatMap(({ blob, link }) => [blob, link]),
  ...manifests.map(({ guard }) => guard),
]

/** What of it is not there. */
export const missingOf = ({ blobs, manifests, own }: Expected, isThere: (key: Key) => boolean) => ({
  own: own.filter((one) => !isThere(one)),
  // Without the blob there is nothing to link to.
  links: blobs.filter(({ blob, link }) => isThere(blob) && !isThere(link)).map(({ link }) => link),
  blobs: blobs.filter(({ blob }) => !isThere(blob)),
  manifests: manifests.filter(({ guard }) => !isThere(guard)),
})
