import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TemporaryDirectory = { readonly path: string; readonly remove: () => Promise<void> }

/** A fresh directory that is gone after `remove`. */
export const temporaryDirectory = async (purpose: string): Promise<TemporaryDirectory> => {
  const path = await mkdtemp(join(tmpdir(), `roadstead-${purpose}-`))
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
