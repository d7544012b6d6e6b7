import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseTag } from '../../shared/oci/reference.ts'
import {
  key,
  prefix,
  recordOfEntry,
  taskShards,
  type Incarnation,
  type ObjectId,
  type ProjectId,
  type RepositoryId,
} from '../../shared/table.ts'

const digest = parseDigest(`sha256:${'a'.repeat(64)}`)
const [pid, rid, oid, inc] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(26)) as [
  ProjectId,
  RepositoryId,
  ObjectId,
  Incarnation,
]
const repository = { pid, rid }
const name = parseRepositoryName('p/a')
const tag = parseTag('v1')

const everyKey = [
  key.projectName(name.project),
  key.project(pid),
  key.repositoryOfProject(pid, name.path),
  key.quota(pid),
  key.quotaShard(pid, 1),
  key.parkedReview(rid, digest),
  key.gcLine(1, 1, 'id'),
  key.finding(1, 1, 'id'),
  key.repositoryName(name.project, name.path),
  key.catalogEntry(name.project, name.path),
  key.tag(rid, tag),
  key.listed(rid, 'artifact', 1, digest),
  key.manifest(rid, digest),
  key.manifestBody(rid, digest, inc),
  key.intent(rid, digest, inc),
  key.heldByTag(rid, digest, tag, inc),
  key.heldByIndex(rid, digest, digest, inc),
  key.referrer(rid, digest, 'type', digest, inc),
  key.blob(digest),
  key.link(digest, pid),
  key.lease(digest, repository),
  key.blobRef(digest, repository, digest, inc),
  key.trashedBlob(digest, oid),
  key.trashedManifest(rid, digest),
  key.trashedTag(rid, tag),
  key.trashEntry(key.trashedTag(rid, tag), 1),
  key.deletedRepository(pid, name.path, rid),
  key.object(oid),
  key.part(oid, 1),
  key.directUpload(rid, digest, oid),
  key.task(1, 'TYPE', 'subject', 'cause'),
  key.message(1, 'a'),
  key.deadLetter(1, 'a'),
  key.counter('projects'),
  key.projectNumber(1),
  key.settings(),
  key.artifactCount(rid, 1),
  key.pulls(rid),
  key.label(1),
  key.labelListed('system', 'a'),
  key.labelOfArtifact(rid, digest, 1),
  key.labelled(rid, 1, digest),
  key.projectListed(name.project),
  key.publicProject(name.project),
  key.member(pid, 1),
  key.cveAllowlist(pid),
  key.membership(1, pid),
  key.user(1),
  key.userName('a'),
  key.userMail('a'),
  key.userListed('a'),
  key.tokenOfUser(1, 'a'),
  key.token('a'),
  key.robot('a'),
  key.robotNumber(1),
  key.robotListed(undefined, 1),
  key.robotListed(pid, 1),
  key.session('a'),
  key.failedLogins('a'),
  key.signingKey(1, 'a'),
  key.auditEntry('system', 1, 'a'),
  key.auditCount('system', 1, 'a'),
  key.endedAuditLog(pid),
  key.job('auditPurge'),
  key.jobRun('auditPurge', 1),
]

describe('keys', () => {
  it('differ for every kind of item', () => {
    expect(new Set(everyKey.map(({ pk, sk }) => `${pk}\n${sk}`)).size).toBe(
      // Less the one that is no key but a partition, and one more for the list that lies in two.
      Object.keys(key).length,
    )
  })

  it('put the children of a link, and nothing else, under its prefix', () => {
    const under = everyKey.filter(
      ({ pk, sk }) => pk === key.blob(digest).pk && sk.startsWith(prefix.ofLink(pid)),
    )
    expect(under).toEqual([
      key.lease(digest, repository),
      key.blobRef(digest, repository, digest, inc),
    ])
  })

  it('sort later artifacts before earlier ones, and tasks by when they are due', () => {
    const at = (time: number) => key.listed(rid, 'part', time, digest).sk
    expect(at(2) < at(1)).toBe(true)
    expect(key.task(99, 'A', 's', 'c').sk < key.task(100, 'A', 's', 'c').sk).toBe(true)
  })

  it('lead from an entry of the trash to its record, the last deletion first', () => {
    const record = key.trashedManifest(rid, digest)
    const [earlier, later] = [key.trashEntry(record, 1), key.trashEntry(record, 2)]
    expect([earlier.pk, recordOfEntry(earlier.sk)]).toEqual([record.pk, record.sk])
    expect(later.sk < earlier.sk).toBe(true)
  })

  it('spread the tasks of many subjects over all shards', () => {
    const used = new Set(
      Array.from({ length: 2_000 }, (_, index) => key.task(1, 'T', `subject ${index}`, 'c').pk),
    )
    expect([...used].sort()).toEqual(taskShards())
  })
})
