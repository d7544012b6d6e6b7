import { statfs } from 'node:fs/promises'

/** How large the disk of a directory is, and how much of it is free for this process. */
export const readVolume = async (
  directory: string,
): Promise<{ readonly totalBytes: number; readonly freeBytes: number }> => {
  const { bavail, blocks, bsize } = await statfs(directory)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}
