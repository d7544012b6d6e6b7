import { DomainError } from '../../../shared/errors.ts'
import { parseRepositoryName, type RepositoryPath } from '../../../shared/oci/name.ts'

export const IS_RESOURCE_NAME = 'X-Is-Resource-Name'
export const NAME_IN_LOCATION = 'X-Resource-Name-In-Location'

const TRUE: ReadonlySet<string> = new Set(['true', '1', 't', 'yes', 'y', 'on'])
const NUMBER = /^[0-9]{1,15}$/
/** `%` and what belongs to it, three times for each of 255 characters. */
const MAX_ENCODED_CHARACTERS = 3 * 255

/** A boolean header as Harbor reads it, whatever its case (`True`); everything else is false. */
export const isTrue = (header: string | undefined): boolean =>
  header !== undefined && TRUE.has(header.trim().toLowerCase())

/**
 * The `{repository_name}` of a path. Clients encode it twice, so it comes here encoded once; a name that was encoded
 * once only is as good, for no name holds a `%`.
 * @throws DomainError BAD_REQUEST; RegistryError NAME_INVALID for what is no name
 */
export const parseRepositoryPath = (parameter: string): RepositoryPath => {
  const text = decode(parameter)
  // With a project before it, so that a name of one component is not read as one of `library`.
  return parseRepositoryName(`p/${text}`).path
}

const decode = (parameter: string): string => {
  if (parameter.length > MAX_ENCODED_CHARACTERS) {
    throw new DomainError('BAD_REQUEST', 'the repository name is too long')
  }
  try {
    return decodeURIComponent(parameter)
  } catch {
    throw new DomainError('BAD_REQUEST', 'the repository name is not URL-encoded')
  }
}

/** What `{project_name_or_id}` means: a number is an id, unless the client says that it is a name. */
export type NameOrNumber =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'number'; readonly number: number }

export const nameOrNumber = (text: string, isName: boolean): NameOrNumber =>
  !isName && NUMBER.test(text)
    ? { kind: 'number', number: Number(text) }
    : { kind: 'name', name: text }
