import { join } from 'node:path'
import type { Workspace } from './workspace.ts'

/** podman on a store of its own in the workspace; plain copies, because a mount would outlive the test. */
export const runPodman = async (
  { path, run }: Workspace,
  store: string,
  ...args: readonly string[]
): Promise<string> => {
  const root = join(path, store)
  return await run(
    'podman',
    ...['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs'],
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', ...args],
  )
}
