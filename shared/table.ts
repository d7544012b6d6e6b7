/**
 * Every key of the table. Nothing else in the code base spells one.
 *
 * ```
 * kind               pk                          sk                                          written by
 * project name       PROJECTNAME#<project>       #                                           first push
 * project            PROJECT#<pid>               #                                           first push
 * repository of it   PROJECT#<pid>               REPOSITORY#<path>                           first push
 * quota              QUOTA#<pid>                 #                                           first push, link
 * share of a quota   QUOTA#<pid>                 SHARD#<k>                                   link
 * repository name    NAME#<project>/<path>       #                                           first push
 * catalog entry      CATALOG                     <project>/<path>                            first push
 * tag                REPOSITORY#<rid>            TAG#<tag>                                   manifest put, tag delete
 * artifact list      REPOSITORY#<rid>            ARTIFACT#<inverted time>#<digest>           manifest put and delete, relist
 * parts of indexes   REPOSITORY#<rid>            PART#<inverted time>#<digest>               relist, manifest delete
 * accessories        REPOSITORY#<rid>            ACCESSORY#<inverted time>#<digest>          manifest put and delete
 * manifest guard     MANIFEST#<rid>#<digest>     #                                           manifest put and delete
 * manifest body      MANIFEST#<rid>#<digest>     #BODY#<inc>                                 manifest put and delete
 * push intent        MANIFEST#<rid>#<digest>     #INTENT#<inc>                               manifest put
 * held by tag        MANIFEST#<rid>#<digest>     HELD#TAG#<tag>#<inc>                        manifest put, tag delete
 * held by index      MANIFEST#<rid>#<digest>     HELD#INDEX#<index digest>#<inc>             manifest put
 * referrer           MANIFEST#<rid>#<subject>    REFERRER#<artifact type>#<digest>#<inc>     manifest put and delete
 * blob guard         BLOB#<digest>               #                                           upload commit
 * project link       BLOB#<digest>               PROJECT#<pid>#                              upload commit, mount
 * repository lease   BLOB#<digest>               PROJECT#<pid>#REPOSITORY#<rid>#LEASE        upload commit, mount, HEAD
 * manifest's ref     BLOB#<digest>               PROJECT#<pid>#REPOSITORY#<rid>#MANIFEST#<digest>#<inc>   manifest put
 * blob in the trash  BLOB#<digest>               TRASH#<oid>                                 GC
 * object, upload     OBJECT#<oid>                #                                           upload, manifest put
 * part of an upload  OBJECT#<oid>                PART#<number>                               upload
 * direct upload      REPOSITORY#<rid>            DIRECT#<digest>#<oid>                       direct upload, until it is over
 * deleted manifest   TRASH#<rid>                 MANIFEST#<digest>                           manifest delete
 * deleted tag        TRASH#<rid>                 TAG#<tag>                                   tag delete, manifest delete
 * list of both       TRASH#<rid>                 AT#<inverted time>#<sort key of the record> with those
 * deleted repository PROJECT#<pid>               DELETED#<path>#<rid>                        repository delete
 * task for GC        TASK#<shard>                <due>#<type>#<subject>#<cause>              with the write that causes it
 * untagged manifest  PARKED#<shard>              <rid>#<digest>                              GC
 * line of GC's log   GCLOG#<run>#<shard>         <time>#<id>                                 with the deletion
 * line of an audit   FINDINGS#<run>              <time>#<id>                                 storage audit
 * counter            COUNTER#<of what>           #                                           with what is counted
 * project number     PROJECTNUMBER#<number>      #                                           project
 * project list       PROJECTS                    <project>                                   project
 * public projects    PUBLICPROJECTS              <project>                                   project
 * member             PROJECT#<pid>               MEMBER#<number>                             membership
 * CVE allowlist      PROJECT#<pid>               CVEALLOWLIST                                project
 * membership         USER#<number>               MEMBERSHIP#<pid>                            membership
 * user               USER#<number>               #                                           user
 * user name          USERNAME#<name, lower case> #                                           user
 * user mail          USERMAIL#<mail, lower case> #                                           user
 * user list          USERS                       <name, lower case>                          user
 * token of a user    USER#<number>               TOKEN#<id>                                  personal access token
 * token by its id    TOKEN#<id>                  #                                           personal access token
 * robot by its name  ROBOT#<full name>           #                                           robot
 * robot number       ROBOTNUMBER#<number>        #                                           robot
 * robots of system   ROBOTS                      <number>                                    robot
 * robots of project  PROJECT#<pid>               ROBOT#<number>                              robot
 * session            SESSION#<hash of its id>    #                                           login of a browser
 * failed logins      FAILEDLOGINS#<of whom>      #                                           login
 * signing key        SIGNINGKEYS                 <created>#<key id>                          token service
 * audit entry        AUDIT#<scope>#<month>#<shard>  <time>#<id>                              with what it tells of
 * audit counts       AUDITCOUNT#<scope>          <month>#<shard>                             with the entry
 * settings           SETTINGS                    #                                           administrators
 * artifact counts    REPOSITORY#<rid>            COUNT#<shard>                               manifest put and delete, relist
 * pull count         REPOSITORY#<rid>            PULLS                                       recorder of pulls
 * label              LABEL#<number>              #                                           label
 * label list         LABELS#<scope>              <name>                                      label
 * label of artifact  MANIFEST#<rid>#<digest>     LABEL#<number>                              label
 * labelled artifact  REPOSITORY#<rid>            LABELLED#<number>#<digest>                  label
 * ended audit log    ENDEDAUDITLOGS              <pid>                                       project delete
 * job, its schedule  JOB#<job>                   #                                           administrators, who runs it
 * run of a job       JOB#<job>                   RUN#<inverted number>                       who runs it
 * message of a queue QUEUE                       <due>#<id>                                  who sends it; not on AWS
 * dead letter        DEADLETTERS                 <time>#<id>                                 who gives it up; not on AWS
 * ```
 *
 * Numbers are what Harbor's API calls ids; they are written with leading zeros, so that they sort.
 *
 * Ids (`pid`, `rid`, `oid`, `inc`) have a fixed length and are never reused; names, paths, tags and digests hold no
 * `#`. So no key is the prefix of another one's level: a link's children all begin with its key, nobody else's do.
 * A guard's sort key is `#`, and what a reader wants with it follows at once (`#BODY#`), so that one query answers both.
 */
import type { Digest } from './oci/digest.ts'
import type { ProjectName, RepositoryPath } from './oci/name.ts'
import type { Tag } from './oci/reference.ts'
import type { Key } from './ports.ts'

declare const brand: unique symbol

export type ProjectId = string & { readonly [brand]: 'ProjectId' }
export type RepositoryId = string & { readonly [brand]: 'RepositoryId' }
/** Names one object in the bucket, and the upload that makes it. */
export type ObjectId = string & { readonly [brand]: 'ObjectId' }
/** Names one attempt to push a manifest, so that what it wrote can be told from what a later attempt wrote. */
export type Incarnation = string & { readonly [brand]: 'Incarnation' }

/** A repository by what it is, not by what it is called. */
export type RepositoryRef = { readonly pid: ProjectId; readonly rid: RepositoryId }

/**
 * In which list of its repository a manifest is, and in no other: that of artifacts, that of what is only a part of an
 * index and has no tag, or that of what is about another manifest.
 */
export type ListedAs = 'artifact' | 'part' | 'accessory'

export const PARTITION_KEY = 'pk'
export const SORT_KEY = 'sk'
/** Epoch seconds at which DynamoDB may drop an item; a housekeeping aid, never the protocol's clock. */
export const TTL_ATTRIBUTE = 'ttl'

/** Every item carries this in `v`; a reader refuses what is newer than itself. */
export const SCHEMA_VERSION = 1

export const GUARD = '#'
export const TASK_SHARDS = 16
/** The partition of all repositories' names. */
export const CATALOG = 'CATALOG'

/** The partition of all projects' names, of those that are public, of users, of the system's robots. */
export const PROJECTS = 'PROJECTS'
export const PUBLIC_PROJECTS = 'PUBLICPROJECTS'
export const USERS = 'USERS'
export const ROBOTS = 'ROBOTS'
export const SIGNING_KEYS = 'SIGNINGKEYS'

/** What is counted: things of the whole registry, or of one project. */
export type CounterName =
  | 'projects'
  | 'publicProjects'
  | 'repositories'
  | 'users'
  | 'robots'
  | 'members'
  | `${'repositories' | 'members' | 'robots'}#${ProjectId}`
  | 'labels'
  | `labels#${LabelScope}`

/** The log of the whole registry, or of one project. */
export type AuditScope = 'system' | ProjectId

/** Labels of the whole registry, or of one project. */
export type LabelScope = 'system' | ProjectId

/** Parallel pushes into one repository would otherwise meet in one item. */
export const COUNT_SHARDS = 4

/** The partition of the logs of projects that are deleted. */
export const ENDED_AUDIT_LOGS = 'ENDEDAUDITLOGS'

/** The partitions of the messages on one machine, and of those that were given up. */
export const QUEUE = 'QUEUE'
export const DEAD_LETTERS = 'DEADLETTERS'

/** What runs by a schedule. */
export type JobName = 'auditPurge' | 'garbageCollection' | 'storageAudit'

/** One month of a log: everybody writes to it, and one partition takes 1,000 writes a second (DynamoDB service limit). */
export const AUDIT_SHARDS = 4
/** As many workers as there may be write a thousand lines a second together. */
export const GC_LOG_SHARDS = 8

const NUMBER_DIGITS = 10
const LAST_NUMBER = 9_999_999_999
const DUE_DIGITS = 13
const LAST_MILLISECOND = 9_999_999_999_999
const PART_DIGITS = 5

const link = (pid: ProjectId): string => `PROJECT#${pid}#`
const inRepository = ({ pid, rid }: RepositoryRef): string => `${link(pid)}REPOSITORY#${rid}#`

export const key = {
  projectName: (project: ProjectName): Key => ({ pk: `PROJECTNAME#${project}`, sk: GUARD }),
  project: (pid: ProjectId): Key => ({ pk: `PROJECT#${pid}`, sk: GUARD }),
  repositoryOfProject: (pid: ProjectId, path: RepositoryPath): Key => ({
    pk: `PROJECT#${pid}`,
    sk: `REPOSITORY#${path}`,
  }),
  quota: (pid: ProjectId): Key => ({ pk: `QUOTA#${pid}`, sk: GUARD }),
  quotaShard: (pid: ProjectId, shard: number): Key => ({
    pk: `QUOTA#${pid}`,
    sk: `SHARD#${shard}`,
  }),
  repositoryName: (project: ProjectName, path: RepositoryPath): Key => ({
    pk: `NAME#${project}/${path}`,
    sk: GUARD,
  }),
  catalogEntry: (project: ProjectName, path: RepositoryPath): Key => ({
    pk: CATALOG,
    sk: `${project}/${path}`,
  }),
  /** The partition of a repository's tags. */
  tagsOf: (rid: RepositoryId): string => `REPOSITORY#${rid}`,
  tag: (rid: RepositoryId, tag: Tag): Key => ({ pk: `REPOSITORY#${rid}`, sk: `TAG#${tag}` }),
  listed: (rid: RepositoryId, as: ListedAs, pushedAt: number, digest: Digest): Key => ({
    pk: `REPOSITORY#${rid}`,
    sk: `${prefix.listed[as]}${digits(LAST_MILLISECOND - pushedAt, DUE_DIGITS)}#${digest}`,
  }),
  manifest: (rid: RepositoryId, digest: Digest): Key => ({
    pk: `MANIFEST#${rid}#${digest}`,
    sk: GUARD,
  }),
  manifestBody: (rid: RepositoryId, digest: Digest, inc: Incarnation): Key => ({
    pk: `MANIFEST#${rid}#${digest}`,
    sk: `#BODY#${inc}`,
  }),
  intent: (rid: RepositoryId, digest: Digest, inc: Incarnation): Key => ({
    pk: `MANIFEST#${rid}#${digest}`,
    sk: `#INTENT#${inc}`,
  }),
  heldByTag: (rid: RepositoryId, digest: Digest, tag: Tag, inc: Incarnation): Key => ({
    pk: `MANIFEST#${rid}#${digest}`,
    sk: `HELD#TAG#${tag}#${inc}`,
  }),
  heldByIndex: (rid: RepositoryId, child: Digest, index: Digest, inc: Incarnation): Key => ({
    pk: `MANIFEST#${rid}#${child}`,
    sk: `HELD#INDEX#${index}#${inc}`,
  }),
  referrer: (
    rid: RepositoryId,
    subject: Digest,
    artifactTypeKey: string,
    digest: Digest,
    inc: Incarnation,
  ): Key => ({
    pk: `MANIFEST#${rid}#${subject}`,
    sk: `REFERRER#${artifactTypeKey}#${digest}#${inc}`,
  }),
  trashedManifest: (rid: RepositoryId, digest: Digest): Key => ({
    pk: trashOf(rid),
    sk: `MANIFEST#${digest}`,
  }),
  trashedTag: (rid: RepositoryId, tag: Tag): Key => ({ pk: trashOf(rid), sk: `TAG#${tag}` }),
  /** The entry of the list that goes with a record of the trash. */
  trashEntry: ({ pk, sk }: Key, at: number): Key => ({
    pk,
    sk: `AT#${digits(LAST_MILLISECOND - at, DUE_DIGITS)}#${sk}`,
  }),
  trashedBlob: (digest: Digest, oid: ObjectId): Key => ({
    pk: `BLOB#${digest}`,
    sk: `TRASH#${oid}`,
  }),
  deletedRepository: (pid: ProjectId, path: RepositoryPath, rid: RepositoryId): Key => ({
    pk: `PROJECT#${pid}`,
    sk: `DELETED#${path}#${rid}`,
  }),
  blob: (digest: Digest): Key => ({ pk: `BLOB#${digest}`, sk: GUARD }),
  link: (digest: Digest, pid: ProjectId): Key => ({ pk: `BLOB#${digest}`, sk: link(pid) }),
  lease: (digest: Digest, repository: RepositoryRef): Key => ({
    pk: `BLOB#${digest}`,
    sk: `${inRepository(repository)}LEASE`,
  }),
  blobRef: (
    digest: Digest,
    repository: RepositoryRef,
    manifest: Digest,
    inc: Incarnation,
  ): Key => ({
    pk: `BLOB#${digest}`,
    sk: `${inRepository(repository)}MANIFEST#${manifest}#${inc}`,
  }),
  object: (oid: ObjectId): Key => ({ pk: `OBJECT#${oid}`, sk: GUARD }),
  part: (oid: ObjectId, partNumber: number): Key => ({
    pk: `OBJECT#${oid}`,
    sk: `PART#${digits(partNumber, PART_DIGITS)}`,
  }),
  directUpload: (rid: RepositoryId, digest: Digest, oid: ObjectId): Key => ({
    pk: `REPOSITORY#${rid}`,
    sk: `DIRECT#${digest}#${oid}`,
  }),
  counter: (of: CounterName): Key => ({ pk: `COUNTER#${of}`, sk: GUARD }),
  projectNumber: (number: number): Key => ({
    pk: `PROJECTNUMBER#${digits(number, NUMBER_DIGITS)}`,
    sk: GUARD,
  }),
  projectListed: (project: ProjectName): Key => ({ pk: PROJECTS, sk: project }),
  publicProject: (project: ProjectName): Key => ({ pk: PUBLIC_PROJECTS, sk: project }),
  member: (pid: ProjectId, number: number): Key => ({
    pk: `PROJECT#${pid}`,
    sk: `MEMBER#${digits(number, NUMBER_DIGITS)}`,
  }),
  cveAllowlist: (pid: ProjectId): Key => ({ pk: `PROJECT#${pid}`, sk: 'CVEALLOWLIST' }),
  membership: (user: number, pid: ProjectId): Key => ({
    pk: `USER#${digits(user, NUMBER_DIGITS)}`,
    sk: `MEMBERSHIP#${pid}`,
  }),
  user: (number: number): Key => ({ pk: `USER#${digits(number, NUMBER_DIGITS)}`, sk: GUARD }),
  userName: (lowerName: string): Key => ({ pk: `USERNAME#${lowerName}`, sk: GUARD }),
  userMail: (lowerMail: string): Key => ({ pk: `USERMAIL#${lowerMail}`, sk: GUARD }),
  userListed: (lowerName: string): Key => ({ pk: USERS, sk: lowerName }),
  tokenOfUser: (user: number, id: string): Key => ({
    pk: `USER#${digits(user, NUMBER_DIGITS)}`,
    sk: `TOKEN#${id}`,
  }),
  token: (id: string): Key => ({ pk: `TOKEN#${id}`, sk: GUARD }),
  robot: (fullName: string): Key => ({ pk: `ROBOT#${fullName}`, sk: GUARD }),
  robotNumber: (number: number): Key => ({
    pk: `ROBOTNUMBER#${digits(number, NUMBER_DIGITS)}`,
    sk: GUARD,
  }),
  /** `pid`: of its project; `undefined`: of the system. */
  robotListed: (pid: ProjectId | undefined, number: number): Key =>
    pid === undefined
      ? { pk: ROBOTS, sk: digits(number, NUMBER_DIGITS) }
      : { pk: `PROJECT#${pid}`, sk: `ROBOT#${digits(number, NUMBER_DIGITS)}` },
  session: (idHash: string): Key => ({ pk: `SESSION#${idHash}`, sk: GUARD }),
  failedLogins: (subject: string): Key => ({ pk: `FAILEDLOGINS#${subject}`, sk: GUARD }),
  signingKey: (createdAt: number, id: string): Key => ({
    pk: SIGNING_KEYS,
    sk: `${digits(createdAt, DUE_DIGITS)}#${id}`,
  }),
  auditEntry: (scope: AuditScope, at: number, id: string): Key => ({
    pk: auditPartition(scope, monthOf(at), shardOfId(id, AUDIT_SHARDS)),
    sk: `${digits(at, DUE_DIGITS)}#${id}`,
  }),
  auditCount: (scope: AuditScope, at: number, id: string): Key => ({
    pk: auditCounts(scope),
    sk: `${monthOf(at)}#${shardOfId(id, AUDIT_SHARDS)}`,
  }),
  artifactCount: (rid: RepositoryId, shard: number): Key => ({
    pk: `REPOSITORY#${rid}`,
    sk: `COUNT#${shard}`,
  }),
  pulls: (rid: RepositoryId): Key => ({ pk: `REPOSITORY#${rid}`, sk: 'PULLS' }),
  label: (number: number): Key => ({ pk: `LABEL#${digits(number, NUMBER_DIGITS)}`, sk: GUARD }),
  /** Of a name in hexadecimal: people write into it what they like, and it sorts as the name does. */
  labelListed: (scope: LabelScope, encodedName: string): Key => ({
    pk: labelsOf(scope),
    sk: encodedName,
  }),
  labelOfArtifact: (rid: RepositoryId, digest: Digest, number: number): Key => ({
    pk: `MANIFEST#${rid}#${digest}`,
    sk: `LABEL#${digits(number, NUMBER_DIGITS)}`,
  }),
  labelled: (rid: RepositoryId, number: number, digest: Digest): Key => ({
    pk: `REPOSITORY#${rid}`,
    sk: `LABELLED#${digits(number, NUMBER_DIGITS)}#${digest}`,
  }),
  settings: (): Key => ({ pk: 'SETTINGS', sk: GUARD }),
  endedAuditLog: (pid: ProjectId): Key => ({ pk: ENDED_AUDIT_LOGS, sk: pid }),
  job: (job: JobName): Key => ({ pk: `JOB#${job}`, sk: GUARD }),
  jobRun: (job: JobName, number: number): Key => ({
    pk: `JOB#${job}`,
    sk: `RUN#${digits(LAST_NUMBER - number, NUMBER_DIGITS)}`,
  }),
  message: (dueAt: number, id: string): Key => ({
    pk: QUEUE,
    sk: `${digits(dueAt, DUE_DIGITS)}#${id}`,
  }),
  deadLetter: (at: number, id: string): Key => ({
    pk: DEAD_LETTERS,
    sk: `${digits(at, DUE_DIGITS)}#${id}`,
  }),
  task: (dueAt: number, type: string, subject: string, cause: string): Key => ({
    pk: `TASK#${shardOf(subject)}`,
    sk: `${digits(dueAt, DUE_DIGITS)}#${type}#${subject}#${cause}`,
  }),
  parkedReview: (rid: RepositoryId, digest: Digest): Key => ({
    pk: `PARKED#${shardOf(`${rid}/${digest}`)}`,
    sk: `${rid}#${digest}`,
  }),
  finding: (run: number, at: number, id: string): Key => ({
    pk: findingsOf(run),
    sk: `${digits(at, DUE_DIGITS)}#${id}`,
  }),
  gcLine: (run: number, at: number, id: string): Key => ({
    pk: gcLogPartition(run, shardOfId(id, GC_LOG_SHARDS)),
    sk: `${digits(at, DUE_DIGITS)}#${id}`,
  }),
} as const

/** Prefixes to query by; each lists one kind of item, or exactly the children of a guard. */
export const prefix = {
  tags: 'TAG#',
  /** The lists of a repository's manifests, those pushed last first. */
  listed: { artifact: 'ARTIFACT#', part: 'PART#', accessory: 'ACCESSORY#' },
  parts: 'PART#',
  directUploads: (digest: Digest): string => `DIRECT#${digest}#`,
  labelsOfArtifact: 'LABEL#',
  labelled: 'LABELLED#',
  holders: 'HELD#',
  holdingTags: 'HELD#TAG#',
  holdingIndexes: 'HELD#INDEX#',
  referrers: 'REFERRER#',
  referrersOfType: (artifactTypeKey: string): string => `REFERRER#${artifactTypeKey}#`,
  /** Children of a blob: links, leases and refs of any project. */
  ofBlob: 'PROJECT#',
  /** Children of a project's link to a blob: leases and refs of its repositories. */
  ofLink: (pid: ProjectId): string => `${link(pid)}REPOSITORY#`,
  repositoriesOfProject: 'REPOSITORY#',
  members: 'MEMBER#',
  memberships: 'MEMBERSHIP#',
  robotsOfProject: 'ROBOT#',
  tokensOfUser: 'TOKEN#',
  runs: 'RUN#',
  /** What makes a blob a member of one repository: its lease and the refs of its manifests. */
  inRepository,
} as const

/** Begins the entries of the list of a repository's trash, what a blob has in the trash, what a name had that was deleted. */
export const TRASH_ENTRIES = 'AT#'
export const TRASHED_BLOBS = 'TRASH#'
export const deletedRepositories = (path: RepositoryPath): string => `DELETED#${path}#`

/** The partition of what was deleted from a repository, and can be brought back for a while. */
export const trashOf = (rid: RepositoryId): string => `TRASH#${rid}`

/** The sort key of the record that an entry of the trash's list goes with. */
export const recordOfEntry = (sk: string): string => sk.slice(TRASH_ENTRIES.length + DUE_DIGITS + 1)

/** The object of a blob in the trash. */
export const parseTrashedBlob = (sk: string): ObjectId => sk.slice(TRASHED_BLOBS.length) as ObjectId

/** The id of a deleted repository. */
export const parseDeletedRepository = (sk: string): RepositoryId =>
  sk.slice(sk.lastIndexOf('#') + 1) as RepositoryId

/** The partition of the labels of a scope. */
export const labelsOf = (scope: LabelScope): string => `LABELS#${scope}`

/** The label that an artifact's key (`LABEL#`) or a repository's (`LABELLED#`) is about. */
export const parseLabelNumber = (sk: string): number => Number(sk.split('#')[1])

/** The tag of a holder (`HELD#TAG#`), and which incarnation of the manifest it points at. */
export const parseHolder = (sk: string): { readonly tag: string; readonly inc: string } => {
  const [, , tag = '', inc = ''] = sk.split('#')
  return { tag, inc }
}

/** From an artifact's holders to its labels: both lie side by side. */
export const HOLDERS_AND_LABELS = { from: 'HELD#', to: 'LABEL#~' } as const

/** The partition of a month's entries, of one shard. */
export const auditPartition = (scope: AuditScope, month: string, shard: number): string =>
  `AUDIT#${scope}#${month}#${shard}`
/** The partition of how many entries each month and shard has. */
export const auditCounts = (scope: AuditScope): string => `AUDITCOUNT#${scope}`
/** The month that a count is of. */
export const parseAuditCount = (sk: string): string => sk.slice(0, sk.indexOf('#'))
/** Sorts behind every entry before a time, and before all others. */
export const lastAuditKeyBefore = (time: number): string => digits(time, DUE_DIGITS)

/** From the first message to the last that is due at a time. */
export const messagesDue = (time: number): { readonly from: string; readonly to: string } => ({
  from: digits(0, DUE_DIGITS),
  to: `${digits(time, DUE_DIGITS)}#~`,
})

/** `2026-11`, by UTC. */
const monthOf = (time: number): string => new Date(time).toISOString().slice(0, 7)
/** Of ids that are random to the last character. */
const shardOfId = (id: string, shards: number): number => id.charCodeAt(id.length - 1) % shards

/** Sorts behind every `#BODY#` item and before every other kind in a manifest's partition. */
export const LAST_BODY = '#BODY#~'

const digits = (value: number, width: number): string => String(value).padStart(width, '0')

/** Spreads tasks over partitions by their subject, so that one subject's tasks meet in one place. */
const shardOf = (subject: string): string => {
  let hash = 0
  for (let index = 0; index < subject.length; index += 1) {
    hash = (Math.imul(hash, 31) + subject.charCodeAt(index)) >>> 0
  }
  return digits(hash % TASK_SHARDS, 2)
}

export const taskShards = (): readonly string[] =>
  Array.from({ length: TASK_SHARDS }, (_, shard) => `TASK#${digits(shard, 2)}`)

/** The partitions of reviews that wait until somebody wants untagged manifests deleted. */
export const parkedShards = (): readonly string[] =>
  Array.from({ length: TASK_SHARDS }, (_, shard) => `PARKED#${digits(shard, 2)}`)

/** The tasks that are due at a time. */
export const dueTasks = (now: number) => ({ from: '0', to: `${digits(now, DUE_DIGITS)}#~` })

/** The partition of what a storage audit found. */
export const findingsOf = (run: number): string => `FINDINGS#${digits(run, NUMBER_DIGITS)}`

export const gcLogPartition = (run: number, shard: number): string =>
  `GCLOG#${digits(run, NUMBER_DIGITS)}#${shard}`
