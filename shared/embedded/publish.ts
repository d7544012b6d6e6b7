/** How a file gets its final name: durably, whole, and without taking a name that must be free. */
import { copyFile, link, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from './durable.ts'
import { codeOf, isAbsent, isTaken } from './failures.ts'

/** Names a flushed file; by link(2) when the name must be free, for only that fails when it is taken. */
export const publish = async (
  from: string,
  target: string,
  ifAbsent: boolean,
): Promise<'created' | 'exists'> => {
  try {
    await (ifAbsent ? link(from, target) : rename(from, target))
  } catch (error) {
    if (isTaken(error)) return 'exists'
    throw error
  }
  await syncDirectory(dirname(target))
  return 'created'
}

/**
 * A second object with the bytes of the first, made at `incoming`. A second name is enough: a published file is never
 * written to again.
 */
export const duplicate = async (
  from: string,
  incoming: string,
): Promise<'created' | 'unknownSource'> => {
  try {
    await link(from, incoming)
  } catch (error) {
    if (isAbsent(error)) return 'unknownSource'
    // ext4 takes 65,000 names for a file.
    if (codeOf(error) !== 'EMLINK') throw error
    await copyDurably(from, incoming)
  }
  return 'created'
}

const copyDurably = async (from: string, to: string): Promise<void> => {
  await copyFile(from, to)
  const handle = await open(to, 'r+')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
