import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TemporaryDirectory = { readonly path: string; readonly remove: () => Promise<void> }

/** A fresh directory that is gone after `remove`; in lower case, because podman makes image names of paths. */
export const temporaryDirectory = async (purpose: string): Promise<TemporaryDirectory> => {
  const path = join(tmpdir(), `roadstead-${purpose}-${randomBytes(8).toString('hex')}`)
  await mkdir(path)
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
