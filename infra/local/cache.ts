import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where programs from outside are kept that tests and the local AWS run; outside the work tree. */
export const cacheDirectory = (): string =>
  join(nonEmpty(process.env['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'roadstead')

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
