import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Tool } from './catalogue.ts'

const run = promisify(execFile)

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024
const ROOT = 0

/** Installs packages of the distribution in one go; throws with the exact command when only root could. */
export const installApt = async (tools: readonly Tool[]): Promise<void> => {
  const packages = tools.map(({ name }) => name)
  if (process.getuid?.() !== ROOT) {
    throw new Error(
      `needs root: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    )
  }
  await apt(['update'])
  await apt(['install', '-y', '--no-install-recommends', ...packages])
}

const apt = async (args: readonly string[]): Promise<void> => {
  await run('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: MAX_OUTPUT_BYTES,
  })
}
