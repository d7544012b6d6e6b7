import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Tool } from './catalogue.ts'
import { goDirectory, isInstalled } from './locate.ts'

const run = promisify(execFile)

// The build tells every package that it downloads.
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

/** Builds one Go tool into the cache; a directory that is there is complete. Throws the compiler's last line. */
export const installGo = async (tool: Tool, path: string): Promise<void> => {
  const target = goDirectory(tool)
  await mkdir(dirname(target), { recursive: true })
  const directory = await mkdtemp(`${target}.`)
  try {
    // Two at once and nice: these builds are long, and other work goes on beside them.
    await run('nice', ['go', 'install', '-p', '2', `${path}@${tool.version}`], {
      env: { ...process.env, GOBIN: directory, GOTOOLCHAIN: 'local', GOFLAGS: '' },
      maxBuffer: MAX_OUTPUT_BYTES,
    })
    // A directory without the program is a leftover.
    if (!isInstalled(tool)) {
      await rm(target, { recursive: true, force: true })
      await rename(directory, target)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
