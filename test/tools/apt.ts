import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Tool } from './catalogue.ts'

const run = promisify(execFile)

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024
const ROOT = 0
const INSTALL = ['install', '-y', '--no-install-recommends']

/** Fetches the list of packages; throws, with the command that brings these, when only root could. */
export const updatePackageIndex = async (wanted: readonly Tool[]): Promise<void> => {
  if (process.getuid?.() !== ROOT) {
    const names = wanted.map(({ name }) => name).join(' ')
    throw new Error(`needs root: sudo apt-get update && sudo apt-get ${INSTALL.join(' ')} ${names}`)
  }
  await apt(['update'])
}

/** Installs one package, so that one that the distribution lacks does not keep back the others. */
export const installPackage = async ({ name }: Tool): Promise<void> => {
  await apt([...INSTALL, name])
}

const apt = async (args: readonly string[]): Promise<void> => {
  await run('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: MAX_OUTPUT_BYTES,
  })
}
