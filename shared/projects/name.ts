import { DomainError } from '../errors.ts'
import { RegistryError } from '../oci/errors.ts'
import { parseRepositoryName, type ProjectName } from '../oci/name.ts'

/**
 * Reads the name of a project: one component of a repository's name, short enough for a repository to fit behind it.
 * @throws DomainError BAD_REQUEST
 */
export const parseProjectName = (text: string): ProjectName => {
  try {
    const { project, path } = parseRepositoryName(`${text}/a`)
    if (path === 'a') return project
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
  }
  throw new DomainError(
    'BAD_REQUEST',
    'a project name is made of at most 253 lower-case letters, digits and single separators (. _ -)',
  )
}
