import { afterEach, expect, it } from 'vitest'
import * as z from 'zod'
import { authorization } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startServer, type RunningServer } from '../support/server.ts'

const PASSWORD = 'Correct-1-horse'
const [VICTIM, GUESSER] = ['198.51.100.7', '203.0.113.9']
/** Guesses at the same moment, so that most are counted before any is refused. */
const TOO_MANY = 12

let running: RunningServer | undefined
afterEach(async () => {
  await running?.stop()
  running = undefined
})

const start = async (...args: readonly string[]) => {
  const server = await startServer({ adminPassword: PASSWORD, args })
  running = server
  /** As the proxy hands it on; a client may have begun the header. */
  const logIn = async (address: string, password = PASSWORD) => {
    const headers = {
      Authorization: authorization({ name: 'admin', password }),
      'X-Forwarded-For': `192.0.2.1, ${address}`,
    }
    return (await fetch(`${server.url}/v2/`, { headers })).status
  }
  /** Until somebody is refused, also with the right password: on a slow machine few of them are at the same moment. */
  const guessUntilRefused = async (address: string) => {
    const passwords = Array.from({ length: TOO_MANY }, (_, tried) => `Wrong-${tried}-horse`)
    await eventually('too many guesses were wrong', async () => {
      await Promise.all(passwords.map(async (password) => await logIn(GUESSER, password)))
      return (await logIn(address)) === 401 ? true : undefined
    })
  }
  return { server, logIn, guessUntilRefused }
}

it('behind a proxy who guesses holds up nobody but themselves, and the log knows them', async () => {
  const { guessUntilRefused, logIn, server } = await start('--behind-proxy')
  await guessUntilRefused(GUESSER)
  expect(await logIn(VICTIM)).toBe(200)
  await server.stop()
  const line = z.looseObject({ remote: z.string() })
  const failed = server.log().filter((text) => text.includes('a login failed'))
  expect(failed.length).toBeGreaterThan(0)
  for (const text of failed) expect(text).toContain(GUESSER)
  const requests = server.log().filter((text) => text.startsWith('{') && text.includes('"/v2/"'))
  expect(requests.map((text) => line.parse(JSON.parse(text)).remote)).toContain(VICTIM)
})

it('without a proxy the header counts for nothing', async () => {
  const { guessUntilRefused, server } = await start()
  await guessUntilRefused(VICTIM)
  await server.stop()
  expect(server.log().join('\n')).not.toMatch(/198\.51\.100\.7|203\.0\.113\.9/)
})
