import { RegistryError } from './errors.ts'

declare const brand: unique symbol

/** The first component of a full repository name: what owns, counts and permits. */
export type ProjectName = string & { readonly [brand]: 'ProjectName' }
/** The rest of it: one or more components, separated by slashes. */
export type RepositoryPath = string & { readonly [brand]: 'RepositoryPath' }

/** A repository's `<name>`, split into its project and the path inside it. */
export type RepositoryName = {
  readonly project: ProjectName
  readonly path: RepositoryPath
  /** As the client wrote it: this is what URLs of the answer are built of. */
  readonly given: string
}

/** Where a name of one component lives, as on Docker Hub. */
export const LIBRARY = 'library'

/** distribution-spec, "Pulling manifests": the grammar of `<name>`, one component at a time. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
/** Clients limit host and name together to 255 characters (distribution-spec); so does this registry for the name. */
const MAX_NAME_CHARACTERS = 255
const SHOWN_CHARACTERS = 200

/**
 * Reads a `<name>`; one component alone means the project `library`.
 * @throws RegistryError NAME_INVALID
 * @example parseRepositoryName('team/app/api') // project 'team', path 'app/api'
 */
export const parseRepositoryName = (text: string): RepositoryName => {
  if (text.length > MAX_NAME_CHARACTERS) {
    throw invalid(text, `a repository name has at most ${MAX_NAME_CHARACTERS} characters`)
  }
  const components = text.split('/')
  if (!components.every((component) => COMPONENT.test(component))) {
    throw invalid(
      text,
      'a repository name is made of lower-case letters, digits and single separators (. _ - /)',
    )
  }
  const [first, ...rest] = components
  return rest.length === 0
    ? { project: LIBRARY as ProjectName, path: text as RepositoryPath, given: text }
    : { project: first as ProjectName, path: rest.join('/') as RepositoryPath, given: text }
}

/** The name in full, with its project: `library/alpine` for `alpine`. */
export const fullName = (name: RepositoryName): string => `${name.project}/${name.path}`

const invalid = (text: string, message: string): RegistryError =>
  new RegistryError('NAME_INVALID', { message, detail: { name: text.slice(0, SHOWN_CHARACTERS) } })
