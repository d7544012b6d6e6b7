import { describe, expect, it } from 'vitest'
import { createKeyRing } from '../../shared/auth/key-ring.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { PortError, type Kv } from '../../shared/ports.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'

/** A ring over an empty table whose writes go through `write` first. */
const ringWith = (write: () => Promise<void>) => {
  const { kv } = openMemory()
  const troubled: Kv = {
    ...kv,
    write: async (operation) => {
      await write()
      return await kv.write(operation)
    },
  }
  return createKeyRing({ kv: troubled, clock: systemClock, ids: createRandomIds() })
}

describe('the first key of a registry', () => {
  it('is waited for by everybody who wants a token while it is being made', async () => {
    const writing = Promise.withResolvers<undefined>()
    const written = Promise.withResolvers<undefined>()
    const ring = ringWith(async () => {
      writing.resolve(undefined)
      await written.promise
    })
    const first = ring.current()
    await writing.promise
    const second = ring.current()
    written.resolve(undefined)
    expect((await second).id).toBe((await first).id)
    expect((await ring.jwks()).keys).toHaveLength(1)
  })

  it('is made by the next who wants a token when it could not be written', async () => {
    let isFull = true
    const ring = ringWith(async () => {
      await Promise.resolve()
      if (isFull) throw new PortError('full', 'no room for the test')
    })
    await expect(ring.current()).rejects.toThrow('no room for the test')
    isFull = false
    const { id } = await ring.current()
    expect(await ring.find(id)).toBeDefined()
  })
})
