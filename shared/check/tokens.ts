import { unpackDigests } from '../registry/manifests/children.ts'
import type { Digest } from '../oci/digest.ts'
import type { Key } from '../ports.ts'
import type { Incarnation, ObjectId, ProjectId, RepositoryId } from '../table.ts'
import type { Task } from '../tasks/tasks.ts'

/** Names of what tasks see to. */
export const token = {
  blob: (digest: Digest): string => `blob ${digest}`,
  link: (digest: Digest, pid: ProjectId): string => `link ${digest} ${pid}`,
  object: (oid: ObjectId): string => `object ${oid}`,
  upload: (oid: ObjectId): string => `upload ${oid}`,
  push: (rid: RepositoryId, digest: Digest, inc: Incarnation): string =>
    `push ${rid} ${digest} ${inc}`,
  manifest: (rid: RepositoryId, digest: Digest): string => `manifest ${rid} ${digest}`,
  listing: (rid: RepositoryId, digest: Digest): string => `listing ${rid} ${digest}`,
  repair: (rid: RepositoryId, digest: Digest): string => `repair ${rid} ${digest}`,
  repository: (rid: RepositoryId): string => `repository ${rid}`,
  item: ({ pk, sk }: Key): string => `item ${pk} ${sk}`,
} as const

/** What a task, or one that follows from it, sees to. */
export const tokensOf = (task: Task): readonly string[] => {
  switch (task.type) {
    case 'UPLOAD_REVIEW':
      return [token.upload(task.oid)]
    case 'UPLOAD_CLEANUP':
    case 'OBJECT_DELETE':
    case 'STRAY_REVIEW':
      return [token.object(task.oid)]
    case 'INTENT_REVIEW':
      return [token.push(task.rid, task.digest, task.inc)]
    case 'TOMBSTONE': {
      const { blobs, digest, inc, manifests, oid, pid, rid } = task
      return [
        token.push(rid, digest, inc),
        token.manifest(rid, digest),
        ...unpackDigests(blobs).flatMap((blob) => [token.blob(blob), token.link(blob, pid)]),
        ...unpackDigests(manifests).map((child) => token.manifest(rid, child)),
        ...(oid === undefined ? [] : [token.object(oid)]),
      ]
    }
    case 'LINK_REVIEW':
      return [token.link(task.digest, task.pid), token.blob(task.digest)]
    case 'BLOB_REVIEW':
    case 'BLOB_DELETE':
      return [token.blob(task.digest)]
    case 'BLOB_REPAIR':
      return [token.blob(task.digest), token.object(task.oid)]
    case 'MANIFEST_REVIEW':
    case 'REFERRERS_REVIEW':
      return [token.manifest(task.rid, task.digest)]
    case 'LISTING_REVIEW': {
      const others = task.parts === undefined ? [] : unpackDigests(task.parts)
      return [task.digest, ...others].map((digest) => token.listing(task.rid, digest))
    }
    case 'MANIFEST_REPAIR':
      return [
        token.repair(task.rid, task.digest),
        ...(task.oid === undefined ? [] : [token.object(task.oid)]),
      ]
    case 'TRASH_END': {
      const { entrySk, trashPk: pk, trashSk } = task
      return [trashSk, entrySk].flatMap((sk) => (sk === undefined ? [] : [token.item({ pk, sk })]))
    }
    case 'HOLDER_REVIEW':
      return [token.item({ pk: task.holderPk, sk: task.holderSk })]
    case 'REPOSITORY_DELETE':
      return [token.repository(task.rid)]
    case 'PROJECT_DELETE':
    case 'LOG_DELETE':
    case 'PARKED_REVIEW':
      return []
  }
}
