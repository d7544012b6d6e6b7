import { expect, it } from 'vitest'
import { authorization } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startServer } from '../support/server.ts'

const PASSWORD = 'Right1234'
/** Well before the server looks for jobs by itself. */
const SOON_MS = 5_000

it('a purge that administrators ask for runs at once, by a message', async () => {
  const server = await startServer({ adminPassword: PASSWORD })
  try {
    const ask = async (path: string, body?: unknown): Promise<Response> =>
      await fetch(`${server.url}/api/v2.0${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          Authorization: authorization({ name: 'admin', password: PASSWORD }),
          'Content-Type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    const asked = Date.now()
    const started = await ask('/system/purgeaudit/schedule', {
      schedule: { type: 'Manual' },
      parameters: { audit_retention_hour: 24, include_operations: 'create' },
    })
    expect(started.status).toBe(201)
    const run = (started.headers.get('Location') ?? '').replace('/api/v2.0', '')
    await eventually('the purge is over', async () =>
      (await (await ask(run)).text()).includes('"Success"') ? true : undefined,
    )
    expect(Date.now() - asked).toBeLessThan(SOON_MS)
  } finally {
    await server.stop()
  }
})
