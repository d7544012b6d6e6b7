import { RegistryError } from '../../../shared/oci/errors.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import { isTag } from '../../../shared/oci/reference.ts'
import { CliError } from '../client.ts'

/** Where an image is to go. */
export type Target = {
  readonly scheme: 'http' | 'https' | undefined
  readonly host: string
  /** As in a path: `project/repository`. */
  readonly name: string
  readonly tag: string
}

const IMAGE = /^(?:(https?):\/\/)?([^/]+)\/([^@]+?)(?::([^/:@]+))?$/

/**
 * Reads `[http://]HOST[:PORT]/NAME[:TAG]`; the tag is `latest` when none is given.
 * @throws CliError
 */
export const parseImageName = (text: string): Target => {
  const [, scheme, host, name, tag = 'latest'] = IMAGE.exec(text) ?? []
  if (host === undefined || name === undefined) {
    throw new CliError(`${text} is no image; expected HOST/PROJECT/NAME:TAG`)
  }
  if (!isTag(tag)) throw new CliError(`${tag} is no tag`)
  try {
    parseRepositoryName(name)
  } catch (error) {
    throw new CliError(error instanceof RegistryError ? error.message : String(error), {
      cause: error,
    })
  }
  return { scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined, host, name, tag }
}

/** Clients speak plain HTTP to their own machine, and to nobody else unless they are told to. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/

export const urlOf = ({ host, scheme }: Pick<Target, 'host' | 'scheme'>): string =>
  `${scheme ?? (LOOPBACK.test(host) ? 'http' : 'https')}://${host}`
