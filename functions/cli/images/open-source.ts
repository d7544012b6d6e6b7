import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../client.ts'
import { saveFromDaemon } from './daemon.ts'
import { openDockerArchive } from './docker-archive.ts'
import { filesOfDirectory, filesOfTar } from './files.ts'
import { openLayout } from './layout.ts'
import type { ImageSource } from './source.ts'

const KINDS = ['oci', 'oci-archive', 'docker-archive', 'docker'] as const
type Kind = (typeof KINDS)[number]

/** `undefined` for the kind: to be found out. */
type Given = { readonly kind: Kind | undefined; readonly rest: string }

const given = (text: string): Given => {
  const kind = KINDS.find((one) => text.startsWith(`${one}:`))
  return kind === undefined ? { kind, rest: text } : { kind, rest: text.slice(kind.length + 1) }
}

export type Opening = {
  readonly signal: AbortSignal
  /** Where to keep what has to be made first. */
  readonly scratchParent?: string | undefined
  readonly onSaved: (bytes: number) => void
}

/**
 * Opens an image by where it is: `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`,
 * `docker:IMAGE`, or just a directory, a file or an image of Docker.
 * @throws CliError
 */
export const openSource = async (
  text: string,
  { onSaved, scratchParent = tmpdir(), signal }: Opening,
): Promise<ImageSource> => {
  const { kind, rest } = given(text)
  const { name, path, type } = kind === 'docker' ? NOWHERE : await locate(rest)
  if (type === 'none' && kind !== undefined && kind !== 'docker') {
    throw new CliError(`there is no ${rest}`)
  }
  if (type === 'directory') return await openLayout(filesOfDirectory(path), path, name)
  const scratch = await mkdtemp(join(scratchParent, 'roadstead-push-'))
  const remove = async (): Promise<void> => {
    await rm(scratch, { recursive: true, force: true })
  }
  try {
    const source =
      type === 'file'
        ? await openArchive(path, name, kind, scratch)
        : await openDocker(rest, scratch, signal, onSaved)
    return { ...source, close: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

const openDocker = async (
  image: string,
  scratch: string,
  signal: AbortSignal,
  onSaved: (bytes: number) => void,
): Promise<ImageSource> => {
  const file = join(scratch, 'saved.tar')
  await saveFromDaemon(image, file, signal, onSaved)
  return await openDockerArchive(await filesOfTar(file), image, undefined, scratch)
}

const openArchive = async (
  path: string,
  name: string | undefined,
  kind: Kind | undefined,
  scratch: string,
): Promise<ImageSource> => {
  const files = await filesOfTar(path)
  // What newer versions of `docker save` write is both; the one that Docker itself reads goes first.
  const isDocker =
    kind === undefined
      ? (await files.sizeOf('manifest.json')) !== undefined
      : kind === 'docker-archive'
  return isDocker
    ? await openDockerArchive(files, path, name, scratch)
    : await openLayout(files, path, name)
}

type Located = {
  readonly path: string
  readonly name: string | undefined
  readonly type: 'directory' | 'file' | 'none'
}
const NOWHERE: Located = { path: '', name: undefined, type: 'none' }

/** The whole is a path, or a path and a name behind one of its colons. */
const locate = async (text: string): Promise<Located> => {
  for (let end = text.length; end > 0; end = text.lastIndexOf(':', end - 1)) {
    const path = text.slice(0, end)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) continue
    const name = end === text.length ? undefined : text.slice(end + 1)
    return { path, name, type: found.isDirectory() ? 'directory' : 'file' }
  }
  return NOWHERE
}
