import * as z from 'zod'
import { DomainError } from '../errors.ts'

const FLAG = /^(?:true|false)$/
const SEVERITY = /^(?:none|low|medium|high|critical)$/
const NUMBER = /^\d{1,15}$/

/** Harbor's keys (`ProjectMetadata`) and what each may say; `public` is kept as the project's own flag. */
const GRAMMARS = {
  enable_content_trust: FLAG,
  enable_content_trust_cosign: FLAG,
  prevent_vul: FLAG,
  severity: SEVERITY,
  auto_scan: FLAG,
  auto_sbom_generation: FLAG,
  reuse_sys_cve_allowlist: FLAG,
  retention_id: NUMBER,
  /** Ours: whether garbage collection deletes what has no tag, whatever the run says. */
  delete_untagged: FLAG,
  proxy_speed_kb: /^(?:-1|\d{1,15})$/,
  max_upstream_conn: /^(?:-1|\d{1,15})$/,
  proxy_cache_local_on_not_found: FLAG,
  proxy_referrer_api: FLAG,
} as const satisfies Readonly<Record<string, RegExp>>

const PUBLIC = 'public'

export type MetadataKey = keyof typeof GRAMMARS
/** What a project decides for itself, in Harbor's strings. */
export type ProjectMetadata = Readonly<Partial<Record<MetadataKey, string>>>
/** What is to change of it; `undefined` removes a key. */
export type MetadataChange = Readonly<Partial<Record<MetadataKey, string | undefined>>>

const stored = z.record(z.string(), z.string())

export const isMetadataKey = (text: string): text is MetadataKey => Object.hasOwn(GRAMMARS, text)

export const METADATA_KEYS: readonly MetadataKey[] = Object.keys(GRAMMARS).filter(isMetadataKey)

/**
 * Reads metadata as a client gives it; `public` is told apart from the rest.
 * @throws DomainError BAD_REQUEST for an unknown key or a value that its key does not know
 */
export const parseMetadata = (
  given: Readonly<Record<string, string>>,
): { readonly isPublic: boolean | undefined; readonly metadata: ProjectMetadata } => {
  let isPublic: boolean | undefined
  const metadata: Partial<Record<MetadataKey, string>> = {}
  for (const [name, value] of Object.entries(given)) {
    if (name !== PUBLIC && !isMetadataKey(name)) {
      throw new DomainError('BAD_REQUEST', `no metadata ${name.slice(0, 100)} of a project`)
    }
    const grammar = name === PUBLIC ? FLAG : GRAMMARS[name]
    if (!grammar.test(value)) throw new DomainError('BAD_REQUEST', `invalid value of ${name}`)
    if (name === PUBLIC) isPublic = value === 'true'
    else metadata[name] = value
  }
  return { isPublic, metadata }
}

/** Metadata with a change made to it. */
export const changedMetadata = (
  before: Readonly<Record<string, string>>,
  change: MetadataChange,
): ProjectMetadata => {
  const after: Partial<Record<MetadataKey, string>> = {}
  for (const [name, value] of Object.entries({ ...before, ...change })) {
    if (isMetadataKey(name) && value !== undefined) after[name] = value
  }
  return after
}

/** All of a project's metadata as Harbor's API shows it, `public` among it. */
export const shownMetadata = (project: {
  readonly isPublic: boolean
  readonly metadata: ProjectMetadata
}): Readonly<Record<string, string>> => ({
  [PUBLIC]: String(project.isPublic),
  ...project.metadata,
})

/** Metadata as an item holds it. */
export const readMetadata = (json: string): ProjectMetadata =>
  changedMetadata(stored.parse(JSON.parse(json)), {})
