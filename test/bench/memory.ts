import { readFile } from 'node:fs/promises'

const KIBIBYTE = 1024
const MEGABYTE = 1_000_000

/** Resident memory of a process in MB: now, and at its peak since it started. Linux only; `undefined` elsewhere. */
export const memoryOf = async (
  pid: number,
): Promise<{ readonly now: number; readonly peak: number } | undefined> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const now = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  if (now === undefined || peak === undefined) return undefined
  return { now: megabytes(now), peak: megabytes(peak) }
}

const megabytes = (kibibytes: string): number => (Number(kibibytes) * KIBIBYTE) / MEGABYTE
