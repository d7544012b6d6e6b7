import { guardOfBlob, guardOfLink, guardOfManifest, type Guarded } from '../../guards/guarded.ts'
import { digestOfHex, algorithmOf, type Digest } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import type { BatchOperation, Key } from '../../ports.ts'
import { key, SCHEMA_VERSION, type Incarnation, type RepositoryRef } from '../../table.ts'

/** What a manifest holds: blobs by a ref each, the manifests of an index by an edge each. */
export type Children = { readonly blobs: readonly Digest[]; readonly manifests: readonly Digest[] }

/** Which push of which manifest wrote a ref or an edge. */
export type Pushed = RepositoryRef & { readonly digest: Digest; readonly inc: Incarnation }

export const childrenOf = ({ blobs, manifests }: Manifest): Children => ({
  blobs: blobs.map(({ digest }) => digest),
  manifests: manifests.map(({ digest }) => digest),
})

/** Where those are. */
export const holderKeys = (pushed: Pushed, { blobs, manifests }: Children): Key[] => [
  ...blobs.map((blob) => key.blobRef(blob, pushed, pushed.digest, pushed.inc)),
  ...manifests.map((child) => key.heldByIndex(pushed.rid, child, pushed.digest, pushed.inc)),
]

/** The guards that must not go while it is there. */
export const guardsOf = (pushed: RepositoryRef, { blobs, manifests }: Children): Guarded[] => [
  ...blobs.flatMap((blob) => [guardOfBlob(blob), guardOfLink(blob, pushed.pid)]),
  ...manifests.map((child) => guardOfManifest(pushed, child)),
]

/** The writes by which a manifest takes hold of its children. */
export const holdChildren = (pushed: Pushed, children: Children): BatchOperation[] =>
  holderKeys(pushed, children).map((holder) => ({
    op: 'put',
    item: { ...holder, v: SCHEMA_VERSION },
  }))

/** The writes by which it lets go of them; only for an incarnation that is gone for good. */
export const releaseChildren = (pushed: Pushed, children: Children): BatchOperation[] =>
  holderKeys(pushed, children).map((holder) => ({ op: 'delete', key: holder }))

const CODES = { sha256: { code: 1, bytes: 32 }, sha512: { code: 2, bytes: 64 } } as const

/** Digests in as few bytes as there are, so that thousands fit into one item: a code of the algorithm, then the hash. */
export const packDigests = (digests: readonly Digest[]): Uint8Array =>
  Buffer.concat(
    digests.flatMap((digest) => {
      const algorithm = algorithmOf(digest)
      return [
        Uint8Array.of(CODES[algorithm].code),
        Buffer.from(digest.slice(algorithm.length + 1), 'hex'),
      ]
    }),
  )

/** @throws RangeError for bytes that `packDigests` did not make */
export const unpackDigests = (packed: Uint8Array): Digest[] => {
  const digests: Digest[] = []
  for (let at = 0; at < packed.length;) {
    const algorithm = packed[at] === CODES.sha256.code ? 'sha256' : 'sha512'
    const { code, bytes } = CODES[algorithm]
    const end = at + 1 + bytes
    if (packed[at] !== code || end > packed.length) throw new RangeError('not packed digests')
    digests.push(digestOfHex(algorithm, Buffer.from(packed.subarray(at + 1, end)).toString('hex')))
    at = end
  }
  return digests
}
