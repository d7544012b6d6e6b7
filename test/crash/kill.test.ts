import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { leftovers } from './leftovers.ts'
import { damage, pushUntilGone, type Acknowledged } from './pusher.ts'

/** `CRASH_ROUNDS=1000 npm test -- crash` for a longer look. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 200)
const CLIENTS = 4
const LONGEST_LIFE_MS = 400
/** On a slow machine lives are longer, up to this, so that half of them or so get something done. */
const LONGEST_LIFE_OF_ALL_MS = 3_000
const LENGTHENED = 1.2
const ROUND_MS = 5_000

describe('a server that is killed again and again under concurrent pushes', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  beforeAll(async () => {
    directory = await temporaryDirectory('crash')
    // Only who ends in peace leaves what it has compiled to those that come after it.
    await (await startServer({ data: directory.path })).stop()
  })
  afterAll(async () => {
    await directory.remove()
  })

  it(
    'has lost nothing that it acknowledged, and left nothing that no task will find',
    async () => {
      const data = directory.path
      const acknowledged: Acknowledged[] = []
      const shared = randomBytes(5_000)
      let checked = 0
      let longestLifeMs = LONGEST_LIFE_MS
      for (let round = 0; round < ROUNDS; round += 1) {
        const server = await startServer({ data, env: { LOG_LEVEL: 'error' } })
        // What the last life acknowledged must be whole in this one.
        const damaged: string[] = []
        for (; checked < acknowledged.length; checked += 1) {
          const entry = acknowledged[checked]
          if (entry !== undefined) damaged.push(...(await damage(server.url, entry)))
        }
        expect(damaged, `after round ${round}`).toEqual([])
        const clients = Array.from({ length: CLIENTS }, async (_, index) => {
          await pushUntilGone(server.url, `crash/r${index % 2}`, shared, acknowledged)
        })
        await wait(randomInt(Math.round(longestLifeMs)))
        await server.kill9()
        await Promise.all(clients)
        longestLifeMs =
          acknowledged.length > checked
            ? Math.max(LONGEST_LIFE_MS, longestLifeMs / LENGTHENED)
            : Math.min(LONGEST_LIFE_OF_ALL_MS, longestLifeMs * LENGTHENED)
      }
      const server = await startServer({ data })
      const damaged: string[] = []
      for (const entry of acknowledged) damaged.push(...(await damage(server.url, entry)))
      await server.stop()
      expect(damaged).toEqual([])
      expect(acknowledged.length).toBeGreaterThan(ROUNDS / 4)
      expect(await leftovers(data)).toEqual([])
    },
    ROUNDS * ROUND_MS,
  )
})
