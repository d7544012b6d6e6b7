import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Embedded, EmbeddedOptions } from '../../shared/embedded/open.ts'
import type { Clock } from '../../shared/ports.ts'

/** A clock that stands still until it is told. */
export type TestClock = Clock & { advance(milliseconds: number): void }

export const testClock = (start = Date.UTC(2030, 0, 1)): TestClock => {
  let now = start
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds
      await Promise.resolve()
    },
    advance: (milliseconds) => {
      now += milliseconds
    },
  }
}

/** Runs `use` with a directory of its own, which is gone afterwards. */
export const withDirectory = async <T>(use: (directory: string) => Promise<T>): Promise<T> => {
  const parent = await mkdtemp(join(tmpdir(), 'roadstead-embedded-'))
  try {
    return await use(join(parent, 'data'))
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}

/** Runs `use` with the ports on a directory, and closes them in any case. */
export const withEmbedded = async <T>(
  directory: string,
  use: (embedded: Embedded, clock: TestClock) => Promise<T>,
  options: Omit<EmbeddedOptions, 'clock'> = {},
): Promise<T> => {
  const clock = testClock()
  const embedded = await openEmbedded(directory, { clock, ...options })
  try {
    return await use(embedded, clock)
  } finally {
    await embedded.close()
  }
}
