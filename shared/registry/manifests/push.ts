import type { Digest } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Reference, Tag } from '../../oci/reference.ts'
import type { ObjectId } from '../../table.ts'
import type { StoredBody } from './body.ts'
import type { Children, Pushed } from './children.ts'
import type { TagsBefore } from './point.ts'

/** What a client wants to push. */
export type ManifestUpload = {
  readonly reference: Reference
  /** Tags to point at it besides the one it is pushed under (`?tag=`, spec main). */
  readonly tags: readonly Tag[]
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
  /** Told what the tags lead to, whenever that was read; it throws when they are to stay there. */
  readonly checkTags?: ((before: TagsBefore) => void) | undefined
}

/** A push under way. */
export type Push = {
  readonly name: RepositoryName
  readonly pushed: Pushed
  readonly manifest: Manifest
  readonly digest: Digest
  readonly bytes: Uint8Array
  readonly tags: readonly Tag[]
  readonly children: Children
  readonly body: StoredBody
  /** The object of a body that is too large for the table. */
  readonly oid: ObjectId | undefined
  /** Something that it refers to is not there, and need not be. */
  readonly isSparse?: boolean
  readonly checkTags?: ManifestUpload['checkTags']
}

/** What a push is called in the log. */
export const firstOf = ([tag]: readonly Tag[], digest: Digest): Reference =>
  tag === undefined ? { kind: 'digest', digest } : { kind: 'tag', tag }
