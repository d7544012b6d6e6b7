import { DomainError } from '../errors.ts'
import { RegistryError } from '../oci/errors.ts'
import { parseRepositoryName, type ProjectName } from '../oci/name.ts'

/**
 * Reads the name of a project: one component of a repository's name, short enough for a repository to fit behind it.
 * @throws DomainError BAD_REQUEST
 */
export const parseProjectName = (text: string): ProjectName => {
  const name = toProjectName(text)
  if (name !== undefined) return name
  throw new DomainError(
    'BAD_REQUEST',
    'a project name is made of at most 253 lower-case letters, digits and single separators (. _ -)',
  )
}

/** As `parseProjectName`; `undefined` for what cannot be the name of a project. */
export const toProjectName = (text: string): ProjectName | undefined => {
  try {
    const { project, path } = parseRepositoryName(`${text}/a`)
    return path === 'a' ? project : undefined
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}
