/**
 * What a storage audit can find. `lost`: something is gone that cannot be brought back from here. `broken`: something was
 * missing without which the next collection might have deleted what is in use; it is mended. `leaked`: garbage that no task
 * would ever have found; from now on one does.
 */
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import type { ObjectId, ProjectId, RepositoryId } from '../table.ts'

export type Severity = 'lost' | 'broken' | 'leaked'

type Described = { readonly severity: Severity; readonly sentence: string }

/** Every kind of finding, in words. */
export const FINDINGS = {
  blobWithoutBytes: {
    severity: 'lost',
    sentence: 'the bytes of the blob are not in the bucket; the next push of it brings them back',
  },
  blobOfOtherBytes: {
    severity: 'lost',
    sentence: 'the bytes of the blob are not those of its digest; the next push of it mends it',
  },
  blobWithoutRecord: {
    severity: 'lost',
    sentence: 'a manifest refers to a blob that is not there; the next push of it brings it back',
  },
  manifestWithoutBody: { severity: 'lost', sentence: 'the manifest has lost its own bytes' },
  childWithoutRecord: {
    severity: 'lost',
    sentence: 'an index refers to a manifest that is not there',
  },
  tagWithoutManifest: {
    severity: 'lost',
    sentence: 'the tag leads to a manifest that is not there',
  },
  blobInTrash: {
    severity: 'broken',
    sentence: 'a manifest refers to a blob that was deleted; it is brought back from the trash',
  },
  bytesWithoutBlob: {
    severity: 'broken',
    sentence: 'the bytes of a blob are there, and its record is not; it is written again',
  },
  blobWithoutObject: {
    severity: 'broken',
    sentence: 'the object of a blob is not known as its own; it is again',
  },
  bytesAreBack: {
    severity: 'broken',
    sentence: 'the bytes of a blob that was marked as lost are there; the mark goes',
  },
  childNotHeld: {
    severity: 'broken',
    sentence: 'the manifest does not hold all that it refers to; it does again',
  },
  listedElsewhere: {
    severity: 'broken',
    sentence:
      'the manifest is in another list of its repository than it belongs to; it moves there',
  },
  objectWithoutRecord: {
    severity: 'leaked',
    sentence: 'an object in the bucket belongs to nothing; it goes to the trash',
  },
  tailWithoutUpload: { severity: 'leaked', sentence: 'an upload that is over left bytes behind' },
  objectWithoutOwner: {
    severity: 'leaked',
    sentence: 'the object belongs to a blob or manifest that has another one, or is gone',
  },
  holderWithoutManifest: {
    severity: 'leaked',
    sentence: 'a push or manifest that is gone still holds something; it lets go',
  },
  blobUnreviewed: { severity: 'leaked', sentence: 'nothing holds the blob, and no task says so' },
  linkUnreviewed: {
    severity: 'leaked',
    sentence: 'a project pays for a blob that none of its repositories holds',
  },
  leaseUnreviewed: { severity: 'leaked', sentence: 'a lease is over, and no task says so' },
  manifestUnreviewed: {
    severity: 'leaked',
    sentence: 'neither a tag nor an index holds the manifest, and no task says so',
  },
  objectUndeleted: { severity: 'leaked', sentence: 'a doomed object has no task that deletes it' },
  trashUnended: {
    severity: 'leaked',
    sentence: 'the trash keeps something beyond its time, and no task ends that',
  },
  trashWithoutObject: {
    severity: 'leaked',
    sentence: 'the trash lists an object of a blob that is not in it',
  },
  uploadUnreviewed: { severity: 'leaked', sentence: 'nobody goes on with the upload' },
  pushUnreviewed: { severity: 'leaked', sentence: 'nobody goes on with the push of a manifest' },
} as const satisfies Readonly<Record<string, Described>>

export type FindingKind = keyof typeof FINDINGS

export const isFindingKind = (name: string): name is FindingKind => Object.hasOwn(FINDINGS, name)

export type Finding = {
  readonly kind: FindingKind
  /** What it is about, by what is known. */
  readonly pid?: ProjectId | undefined
  readonly rid?: RepositoryId | undefined
  readonly manifest?: Digest | undefined
  readonly tag?: Tag | undefined
  readonly blob?: Digest | undefined
  readonly oid?: ObjectId | undefined
}
