import { isDigest, parseDigest, type Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { fullName, type RepositoryName } from './name.ts'

declare const brand: unique symbol

/** A mutable name of a manifest inside its repository. */
export type Tag = string & { readonly [brand]: 'Tag' }

/** What follows `/manifests/`: `<reference>` in v1.1, `<tag-or-digest>` on the main branch of the specification. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

/** distribution-spec, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const SHOWN_CHARACTERS = 200

export const isTag = (text: string): text is Tag => TAG.test(text)

/** @throws RegistryError MANIFEST_INVALID: the specification has no code of its own for a bad tag. */
export const parseTag = (text: string): Tag => {
  if (isTag(text)) return text
  throw new RegistryError('MANIFEST_INVALID', {
    message:
      'a tag has 1 to 128 letters, digits, dots, dashes or underscores, and does not begin with . or -',
    detail: { tag: text.slice(0, SHOWN_CHARACTERS) },
  })
}

/** A repository with a tag or a digest, as people write it. */
export const fullReference = (name: RepositoryName, reference: Reference): string =>
  reference.kind === 'tag'
    ? `${fullName(name)}:${reference.tag}`
    : `${fullName(name)}@${reference.digest}`

/**
 * A colon cannot occur in a tag, so it decides which of the two was meant.
 * @throws RegistryError DIGEST_INVALID or MANIFEST_INVALID
 */
export const parseReference = (text: string): Reference => {
  if (isDigest(text)) return { kind: 'digest', digest: text }
  return text.includes(':')
    ? { kind: 'digest', digest: parseDigest(text) }
    : { kind: 'tag', tag: parseTag(text) }
}
