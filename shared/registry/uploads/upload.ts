import * as z from 'zod'
import {
  DIGEST_ALGORITHMS,
  parseDigest,
  type Digest,
  type DigestAlgorithm,
} from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Condition, Item, Part } from '../../ports.ts'
import { queryAll } from '../../store/query.ts'
import {
  GUARD,
  key,
  prefix,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../../table.ts'
import { nameUnknown } from '../blobs/find.ts'
import type { RegistryContext } from '../context.ts'

/**
 * An upload session. It is the record of the object that it makes: `UP` while bytes come in, `OWN` once a blob owns the
 * object, `DOOM` when the object is to be deleted; nothing leads back. Every change is a compare-and-set on `version`,
 * so of two writers on one session one wins.
 *
 * The bytes so far are `parts`, in ascending order of their numbers, and then the tail, which is too short to be a part
 * that others may follow. When there are parts, `tailPart` is a part with the bytes of the tail: the upload can be
 * completed with it, or go on from the tail without it.
 */
export type Upload = {
  readonly oid: ObjectId
  readonly pid: ProjectId
  readonly rid: RepositoryId
  readonly state: 'UP' | 'OWN' | 'DOOM'
  readonly version: string
  readonly offset: number
  readonly algorithm: DigestAlgorithm
  readonly multipartId?: string | undefined
  /** The next part number that no writer has reserved. */
  readonly nextPart: number
  readonly parts: readonly Part[]
  readonly tail?: string | undefined
  readonly tailPart?: Part | undefined
  /** The hash of the bytes so far, as `hashing.ts` saves it where requests meet different processes. */
  readonly hash?: Uint8Array | undefined
  /** What the upload became, once `OWN`. */
  readonly digest?: string | undefined
  /** When it was last written to; epoch milliseconds. */
  readonly updatedAt?: number | undefined
  /** How the bytes come, when they do not pass the registry. */
  readonly direct?: Direct | undefined
}

/**
 * A direct upload: the client sends the bytes to the store by signed URLs. What they are to be is said at the start.
 * `offset` and `hash` are those of the pass that reads them again where the store has not compared them itself.
 */
export type Direct = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** Of every part but the last; absent: the object is put at once. */
  readonly partBytes?: number | undefined
  /** `verify`: the object is whole, and is read through before it becomes a blob. */
  readonly phase: 'open' | 'verify'
  /** When the last URL that was given expires, in milliseconds since the epoch. */
  readonly signedUntil: number
  /** When a message last asked for the object to be read through, in milliseconds since the epoch. */
  readonly askedAt?: number | undefined
  /** What the bytes turned out to be, when that is why the upload failed. */
  readonly computed?: Digest | undefined
}

const uploadItem = z.object({
  pid: z.string(),
  rid: z.string(),
  state: z.enum(['UP', 'OWN', 'DOOM']),
  version: z.string(),
  offset: z.number(),
  algorithm: z.enum(DIGEST_ALGORITHMS),
  multipartId: z.string().optional(),
  nextPart: z.number(),
  tail: z.string().optional(),
  tailPart: z.number().optional(),
  tailEtag: z.string().optional(),
  hash: z.instanceof(Uint8Array).optional(),
  digest: z.string().optional(),
  updatedAt: z.number().optional(),
})
const directItem = z.object({
  wanted: z.string(),
  wantedSize: z.number(),
  partBytes: z.number().optional(),
  phase: z.enum(['open', 'verify']),
  signedUntil: z.number(),
  askedAt: z.number().optional(),
  computed: z.string().optional(),
})
const packItem = z.object({ parts: z.string() })
const pack = z.array(z.tuple([z.number(), z.string()]))

const PARTS_PER_PACK = 1_000

const parseUpload = (oid: ObjectId, items: readonly Item[]): Upload | undefined => {
  const session = items.find(({ sk }) => sk === GUARD)
  if (session === undefined || !('offset' in session)) return undefined
  const { pid, rid, tailPart, tailEtag, ...attributes } = uploadItem.parse(session)
  const parts = items
    .filter(({ sk }) => sk.startsWith(prefix.parts))
    .flatMap((item) => pack.parse(JSON.parse(packItem.parse(item).parts)))
    .map(([number, etag]) => ({ number, etag }))
  return {
    oid,
    pid: pid as ProjectId,
    rid: rid as RepositoryId,
    ...attributes,
    parts,
    direct: 'wanted' in session ? parseDirect(session) : undefined,
    ...(tailPart === undefined || tailEtag === undefined
      ? {}
      : { tailPart: { number: tailPart, etag: tailEtag } }),
  }
}

const parseDirect = (session: Item): Direct => {
  const { computed, wanted, wantedSize, ...rest } = directItem.parse(session)
  return {
    ...rest,
    digest: parseDigest(wanted),
    sizeBytes: wantedSize,
    computed: computed === undefined ? undefined : parseDigest(computed),
  }
}

/** Items that record the parts one writer added, few enough to go into its transaction. */
export const packParts = (oid: ObjectId, parts: readonly Part[]): Item[] =>
  Array.from({ length: Math.ceil(parts.length / PARTS_PER_PACK) }, (_, index) => {
    const packed = parts.slice(index * PARTS_PER_PACK, (index + 1) * PARTS_PER_PACK)
    return {
      ...key.part(oid, packed[0]?.number ?? 0),
      parts: JSON.stringify(packed.map(({ number, etag }) => [number, etag])),
    }
  })

/** Holds a write to the session as it was read: nobody has written to it since, and it is still open. */
export const unchanged = ({ version }: Upload): readonly Condition[] => [
  { kind: 'exists' },
  { kind: 'equals', name: 'version', value: version },
  { kind: 'equals', name: 'state', value: 'UP' },
]

/** The session as it stands now, whatever its state; `undefined`: there is none. */
export const readUpload = async (
  { store }: Pick<RegistryContext, 'store'>,
  oid: ObjectId,
): Promise<Upload | undefined> =>
  parseUpload(oid, await queryAll(store, { pk: key.object(oid).pk, read: 'strong' }))

/**
 * An open session of a repository.
 * @throws RegistryError NAME_UNKNOWN, BLOB_UPLOAD_UNKNOWN
 */
export const openUpload = async (
  context: RegistryContext,
  name: RepositoryName,
  oid: ObjectId,
): Promise<Upload> => {
  const upload = await findUpload(context, name, oid)
  if (upload.state !== 'UP') throw uploadUnknown(oid)
  return upload
}

/** As `openUpload`, but a session that became a blob is answered too. */
export const findUpload = async (
  context: RegistryContext,
  name: RepositoryName,
  oid: ObjectId,
): Promise<Upload> => {
  const upload = await findAnyUpload(context, name, oid)
  // The bytes of a direct upload come by another way, and none of them through here.
  if (upload.state === 'DOOM' || upload.direct !== undefined) throw uploadUnknown(oid)
  return upload
}

/** A session of a repository, of any kind and in any state. */
export const findAnyUpload = async (
  context: RegistryContext,
  name: RepositoryName,
  oid: ObjectId,
): Promise<Upload> => {
  const [repository, upload] = await Promise.all([
    context.repositories.existing(name),
    readUpload(context, oid),
  ])
  if (repository === undefined) throw nameUnknown(name)
  if (upload?.rid !== repository.rid) throw uploadUnknown(oid)
  return upload
}

const UPLOAD_ID = /^[a-z2-7]{26}$/

/** @throws RegistryError BLOB_UPLOAD_UNKNOWN for anything that cannot be the id of an upload */
export const parseUploadId = (text: string): ObjectId => {
  if (UPLOAD_ID.test(text)) return text as ObjectId
  throw uploadUnknown(text.slice(0, SHOWN_CHARACTERS) as ObjectId)
}

const SHOWN_CHARACTERS = 100

export const uploadUnknown = (oid: ObjectId): RegistryError =>
  new RegistryError('BLOB_UPLOAD_UNKNOWN', {
    message: 'blob upload unknown to registry; begin a new one',
    detail: { upload: oid },
  })

/** What a writer is told whose bytes do not continue the session, with where it stands. */
export const outOfOrder = (upload: Pick<Upload, 'oid' | 'offset'>): RegistryError =>
  new RegistryError('BLOB_UPLOAD_INVALID', {
    status: 416,
    message: `the upload stands at ${upload.offset} bytes; continue from there`,
    detail: { upload: upload.oid, offset: upload.offset },
    headers: { Range: rangeOf(upload.offset) },
  })

/** The `Range` header of an upload's answers; an empty one says `0-0`, as clients have come to expect. */
export const rangeOf = (offset: number): string => `0-${Math.max(0, offset - 1)}`

export const digestMismatch = (given: Digest, computed: Digest): RegistryError =>
  new RegistryError('DIGEST_INVALID', { detail: { given, computed } })
