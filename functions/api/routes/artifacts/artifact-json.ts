import { z } from '@hono/zod-openapi'
import type { Accessory } from '../../../../shared/artifacts/accessories.ts'
import { artifactNumber, type Artifact } from '../../../../shared/artifacts/describe.ts'
import type { ArtifactTag } from '../../../../shared/artifacts/tags.ts'
import { additionsOf, mediaTypeOf } from '../../../../shared/artifacts/type.ts'
import type { Digest } from '../../../../shared/oci/digest.ts'
import { fullName, type RepositoryName } from '../../../../shared/oci/name.ts'
import { iso } from '../../http/time.ts'
import { labelJson, toLabelJson } from '../labels/label-json.ts'

/** How Harbor writes "never": the zero time of Go. */
const NEVER = '0001-01-01T00:00:00.000Z'

const texts = z.record(z.string(), z.string())

export const tagJson = z
  .object({
    id: z.int(),
    repository_id: z.int(),
    artifact_id: z.int(),
    name: z.string(),
    push_time: z.string(),
    pull_time: z.string(),
    immutable: z.boolean(),
  })
  .openapi('Tag')

export const accessoryJson = z
  .object({
    id: z.int(),
    artifact_id: z.int(),
    subject_artifact_id: z.int(),
    subject_artifact_digest: z.string(),
    subject_artifact_repo: z.string(),
    size: z.int(),
    digest: z.string(),
    type: z.string(),
    icon: z.string(),
    creation_time: z.string(),
  })
  .openapi('Accessory')

const referenceJson = z
  .object({
    parent_id: z.int(),
    child_id: z.int(),
    child_digest: z.string(),
    platform: z
      .object({
        architecture: z.string(),
        os: z.string(),
        'os.version': z.string().optional(),
        'os.features': z.array(z.string()).optional(),
        variant: z.string().optional(),
      })
      .optional(),
    annotations: texts.optional(),
    urls: z.array(z.string()).optional(),
  })
  .openapi('Reference')

export const artifactJson = z
  .object({
    id: z.int(),
    type: z.string(),
    media_type: z.string(),
    manifest_media_type: z.string(),
    artifact_type: z.string(),
    project_id: z.int(),
    repository_id: z.int(),
    repository_name: z.string(),
    digest: z.string(),
    size: z.int(),
    icon: z.string(),
    push_time: z.string(),
    pull_time: z.string(),
    extra_attrs: z.record(z.string(), z.unknown()),
    annotations: texts.nullable(),
    references: z.array(referenceJson).nullable(),
    tags: z.array(tagJson).nullable(),
    addition_links: z.record(z.string(), z.object({ href: z.string(), absolute: z.boolean() })),
    labels: z.array(labelJson).nullable(),
    accessories: z.array(accessoryJson).nullable(),
  })
  .openapi('Artifact')

/** What a client wants to be told besides the artifact itself. */
export type With = {
  readonly tags: boolean
  readonly labels: boolean
  readonly accessories: readonly Accessory[] | undefined
  readonly extraAttributes: Readonly<Record<string, unknown>>
}

export const toArtifactJson = (
  artifact: Artifact,
  { tags, labels, accessories, extraAttributes }: With,
): z.output<typeof artifactJson> => {
  const { digest, number, repository } = artifact
  const { rid, project, name } = repository
  return {
    id: number,
    type: artifact.type,
    media_type: mediaTypeOf(artifact),
    manifest_media_type: artifact.mediaType,
    artifact_type: artifact.artifactType ?? '',
    project_id: project.number,
    repository_id: repository.number,
    repository_name: fullName(name),
    digest,
    size: artifact.totalBytes,
    icon: '',
    push_time: iso(artifact.pushedAt),
    pull_time: timeOf(artifact.pulledAt),
    extra_attrs: extraAttributes,
    annotations: artifact.annotations ?? null,
    references:
      artifact.references.length === 0
        ? null
        : artifact.references.map(({ digest: child, platform, annotations, urls }) => ({
            parent_id: number,
            child_id: artifactNumber(rid, child),
            child_digest: child,
            ...(platform === undefined ? {} : { platform }),
            ...(annotations === undefined ? {} : { annotations }),
            ...(urls === undefined ? {} : { urls: [...urls] }),
          })),
    tags: !tags || artifact.tags.length === 0 ? null : artifact.tags.map(toTagJson(artifact)),
    addition_links: Object.fromEntries(
      additionsOf(artifact.type, artifact).map((addition) => [
        addition,
        { href: `${hrefOf(name, digest)}/additions/${addition}`, absolute: false },
      ]),
    ),
    labels: !labels || artifact.labels.length === 0 ? null : artifact.labels.map(toLabelJson),
    accessories:
      accessories === undefined || accessories.length === 0
        ? null
        : accessories.map(toAccessoryJson(artifact)),
  }
}

type Of = Pick<Artifact, 'number' | 'digest' | 'repository'>

/** Where an artifact is, with its repository's name encoded twice as Harbor does. */
export const hrefOf = (name: RepositoryName, digest: Digest): string => {
  const path = encodeURIComponent(encodeURIComponent(name.path))
  return `/api/v2.0/projects/${name.project}/repositories/${path}/artifacts/${digest}`
}

export const toTagJson =
  ({ number, repository }: Of) =>
  (tag: ArtifactTag): z.output<typeof tagJson> => ({
    id: tag.number,
    repository_id: repository.number,
    artifact_id: number,
    name: tag.name,
    push_time: iso(tag.pushedAt),
    pull_time: timeOf(tag.pulledAt),
    immutable: false,
  })

export const toAccessoryJson =
  ({ number, digest, repository }: Of) =>
  (accessory: Accessory): z.output<typeof accessoryJson> => ({
    id: accessory.number,
    artifact_id: artifactNumber(repository.rid, accessory.digest),
    subject_artifact_id: number,
    subject_artifact_digest: digest,
    subject_artifact_repo: fullName(repository.name),
    size: accessory.totalBytes,
    digest: accessory.digest,
    type: accessory.type,
    icon: '',
    creation_time: iso(accessory.createdAt),
  })

const timeOf = (at: number | undefined): string => (at === undefined ? NEVER : iso(at))
