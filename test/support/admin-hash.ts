import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Kv } from '../../shared/ports.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { readWithPassword } from '../../shared/users/find.ts'
import { parseUserNumber } from '../../shared/users/items.ts'

/** What every hash begins with that an entry point has made. */
export const REAL_COST = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

/** What is stored of the password of the first administrator. */
export const adminHash = async (kv: Kv): Promise<string | undefined> => {
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  return (await readWithPassword(store, parseUserNumber(1)))?.passwordHash
}

/** The same of a data directory that no server has. */
export const adminHashIn = async (data: string): Promise<string | undefined> => {
  const { kv, close } = await openEmbedded(data, { clock: systemClock })
  try {
    return await adminHash(kv)
  } finally {
    await close()
  }
}
