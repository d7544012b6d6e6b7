/**
 * The way back from keys of `table.ts` to what they are about, for who walks the whole table. Trusts the table: what is in
 * a key was parsed when it was written.
 */
import type { Digest } from './oci/digest.ts'
import type { Tag } from './oci/reference.ts'
import type { Key } from './ports.ts'
import {
  TRASHED_BLOBS,
  TRASH_ENTRIES,
  parseTrashedBlob,
  type Incarnation,
  type ListedAs,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from './table.ts'

type OfBlob = { readonly digest: Digest }
type OfLink = OfBlob & { readonly pid: ProjectId }
type InRepository = { readonly rid: RepositoryId }
type OfManifest = InRepository & { readonly digest: Digest }
/** Which push of which manifest wrote an item. */
type OfPush = { readonly by: OfManifest & { readonly inc: Incarnation } }

/** What an item is, of those kinds that hold, or are held by, others. `digest`: of its partition. */
export type Parsed =
  | ({ readonly kind: 'blob' } & OfBlob)
  | ({ readonly kind: 'link' } & OfLink)
  | ({ readonly kind: 'lease' } & OfLink & InRepository)
  | ({ readonly kind: 'ref' } & OfLink & OfPush)
  | ({ readonly kind: 'trashedBlob'; readonly oid: ObjectId } & OfBlob)
  | ({ readonly kind: 'trash' | 'trashEntry' } & InRepository)
  | { readonly kind: 'deletedRepository' }
  | { readonly kind: 'object'; readonly oid: ObjectId }
  | { readonly kind: 'part'; readonly oid: ObjectId }
  | ({ readonly kind: 'manifest' } & OfManifest)
  | ({ readonly kind: 'body' } & OfManifest & OfPush)
  | ({ readonly kind: 'intent' } & OfManifest & OfPush)
  | ({ readonly kind: 'heldByIndex' } & OfManifest & OfPush)
  | ({ readonly kind: 'referrer' } & OfManifest & OfPush)
  | ({ readonly kind: 'heldByTag'; readonly tag: Tag } & OfManifest & OfPush)
  | ({ readonly kind: 'tag'; readonly tag: Tag } & InRepository)
  | ({ readonly kind: 'listed'; readonly as: ListedAs } & OfManifest)

/** `undefined`: of another kind. */
export const parseKey = ({ pk, sk }: Key): Parsed | undefined => {
  const [kind = '', first = '', second = ''] = pk.split('#')
  switch (kind) {
    case 'BLOB':
      return inBlob(first as Digest, sk)
    case 'OBJECT':
      return inObject(first as ObjectId, sk)
    case 'MANIFEST':
      return inManifest({ rid: first as RepositoryId, digest: second as Digest }, sk)
    case 'REPOSITORY':
      return inRepository(first as RepositoryId, sk)
    case 'TRASH': {
      const isEntry = sk.startsWith(TRASH_ENTRIES)
      return { kind: isEntry ? 'trashEntry' : 'trash', rid: first as RepositoryId }
    }
    case 'PROJECT':
      return sk.startsWith('DELETED#') ? { kind: 'deletedRepository' } : undefined
    default:
      return undefined
  }
}

const inObject = (oid: ObjectId, sk: string): Parsed =>
  sk === '#' ? { kind: 'object', oid } : { kind: 'part', oid }

const inBlob = (digest: Digest, sk: string): Parsed | undefined => {
  if (sk === '#') return { kind: 'blob', digest }
  if (sk.startsWith(TRASHED_BLOBS)) {
    return { kind: 'trashedBlob', digest, oid: parseTrashedBlob(sk) }
  }
  // PROJECT#<pid>#, and behind it REPOSITORY#<rid>#LEASE or REPOSITORY#<rid>#MANIFEST#<digest>#<inc>
  const [, pid, below, rid, what, manifest, inc] = sk.split('#')
  const of = { digest, pid: pid as ProjectId }
  if (below === '') return { kind: 'link', ...of }
  const repository = { rid: rid as RepositoryId }
  if (what === 'LEASE') return { kind: 'lease', ...of, ...repository }
  if (what !== 'MANIFEST') return undefined
  return { kind: 'ref', ...of, by: pushOf({ ...repository, digest: manifest as Digest }, inc) }
}

const inManifest = (of: OfManifest, sk: string): Parsed | undefined => {
  if (sk === '#') return { kind: 'manifest', ...of }
  const [first, second = '', third = '', fourth] = sk.split('#')
  if (first === '' && second === 'BODY') return { kind: 'body', ...of, by: pushOf(of, third) }
  if (first === '' && second === 'INTENT') return { kind: 'intent', ...of, by: pushOf(of, third) }
  if (first === 'HELD' && second === 'TAG')
    return { kind: 'heldByTag', ...of, tag: third as Tag, by: pushOf(of, fourth) }
  // HELD#INDEX#<digest>#<inc>, REFERRER#<artifact type>#<digest>#<inc>
  const by = pushOf({ rid: of.rid, digest: third as Digest }, fourth)
  if (first === 'HELD') return { kind: 'heldByIndex', ...of, by }
  return first === 'REFERRER' ? { kind: 'referrer', ...of, by } : undefined
}

const inRepository = (rid: RepositoryId, sk: string): Parsed | undefined => {
  const [kind = '', first = '', second = ''] = sk.split('#')
  switch (kind) {
    case 'TAG':
      return { kind: 'tag', rid, tag: first as Tag }
    case 'ARTIFACT':
    case 'PART':
    case 'ACCESSORY':
      return { kind: 'listed', as: LISTS[kind], rid, digest: second as Digest }
    default:
      return undefined
  }
}

const LISTS = { ARTIFACT: 'artifact', PART: 'part', ACCESSORY: 'accessory' } as const

const pushOf = (of: OfManifest, inc = ''): OfPush['by'] => ({ ...of, inc: inc as Incarnation })
