import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Fills a directory beside the target and renames it, so that a target that exists is complete. */
export const once = async (
  target: string,
  fill: (directory: string) => Promise<void>,
): Promise<void> => {
  if (existsSync(target)) return
  await mkdir(join(target, '..'), { recursive: true })
  const directory = await mkdtemp(`${target}.`)
  try {
    await fill(directory)
    await rename(directory, target)
  } catch (error) {
    // Another installation may have been first.
    if (!existsSync(target)) throw error
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
