import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Client } from '../../../functions/cli/client.ts'
import { follow } from '../../../functions/cli/follow.ts'
import { gcRun } from '../../../functions/cli/gc/api.ts'
import { followedRun } from '../../../functions/cli/gc/followed.ts'

/** How far a run is each time somebody looks; the last one for ever. */
const runs = (...looks: readonly (readonly [done: number, due: number, status: string])[]) =>
  looks.map(([done, due, status]) =>
    JSON.stringify({
      ...{ id: 7, job_kind: 'MANUAL', job_status: status },
      job_parameters: JSON.stringify({
        ...{ tasks_done: done, tasks_due: due, purged_blobs: done / 2, released_space: 1024 },
        ...(done > 0 && { tasks_per_second: 20, seconds_left: due / 20 }),
      }),
    }),
  )

const createClient = (answers: readonly string[]) => {
  const sent: string[] = []
  let looked = 0
  const client: Pick<Client, 'get' | 'send'> = {
    get: async (_path, schema) => {
      const text = answers[Math.min(looked, answers.length - 1)] ?? ''
      looked += 1
      return await schema.parseAsync(JSON.parse(text))
    },
    send: async (method, path) => {
      sent.push(`${method} ${path}`)
      await Promise.resolve()
    },
  }
  return { client: client as Client, sent }
}

const screen = (isTTY: boolean) => {
  const written: string[] = []
  return { written, isTTY, write: (text: string) => written.push(text) > 0 }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a run that is followed', () => {
  it('has a bar on a terminal that moves with it, and nothing in the end', async () => {
    const { client } = createClient(
      runs([0, 0, 'Pending'], [0, 40, 'Running'], [20, 20, 'Running'], [40, 0, 'Success']),
    )
    const out = screen(true)
    const run = await follow(followedRun(client, 7), out, { everyMs: 1 })
    expect(run).toMatchObject({ id: 7, job_status: 'Success' })
    const line = '\r\u001b[K'
    expect(out.written).toEqual([
      `${line}Pending [${' '.repeat(24)}] 0 of 0 tasks, 0 blobs, 1 KiB`,
      `${line}Running [${' '.repeat(24)}] 0 of 40 tasks, 0 blobs, 1 KiB`,
      `${line}Running [${'='.repeat(12)}${' '.repeat(12)}] 20 of 40 tasks, 10 blobs, 1 KiB, 20/s, 1 s left`,
      line,
    ])
  })

  it('is a line every ten seconds elsewhere, without anything for terminals', async () => {
    const { client } = createClient(
      runs([1, 5, 'Running'], [2, 4, 'Running'], [3, 3, 'Running'], [6, 0, 'Success']),
    )
    const out = screen(false)
    await follow(
      {
        ...followedRun(client, 7),
        look: async () => {
          vi.setSystemTime(Date.now() + 6_000)
          return await client.get('', gcRun)
        },
      },
      out,
      { everyMs: 1 },
    )
    expect(out.written).toEqual([expect.stringMatching(/^Running \[=+ +\] 2 of 6 tasks.*\n$/)])
  })

  it('is stopped when the signal comes', async () => {
    const { client, sent } = createClient(runs([1, 5, 'Running']))
    const controller = new AbortController()
    const out = screen(true)
    const following = follow(followedRun(client, 7), out, { signal: controller.signal })
    controller.abort()
    await expect(following).rejects.toThrow('stopped')
    expect(sent).toEqual(['PUT /system/gc/7'])
  })
})
