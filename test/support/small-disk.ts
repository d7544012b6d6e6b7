import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'

/** Whether this machine lets a test have a disk of its own. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0

/** A disk of 64 MB that is gone afterwards. */
export const withSmallDisk = async (use: (disk: string) => Promise<void>): Promise<void> => {
  const mount = await mkdtemp(join(tmpdir(), 'roadstead-small-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', mount])
  expect(status).toBe(0)
  try {
    await use(mount)
  } finally {
    spawnSync('umount', [mount])
    await rm(mount, { recursive: true })
  }
}
