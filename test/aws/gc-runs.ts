import { expect } from 'vitest'
import * as z from 'zod'
import { eventually } from '../support/eventually.ts'
import type { DeployedRegistry } from './registry.ts'

type Managed = Pick<DeployedRegistry, 'ask'>

const sums = z.record(z.string(), z.unknown()).transform((all) => {
  const numbers = Object.entries(all).filter((entry): entry is [string, number] => {
    const [, value] = entry
    return typeof value === 'number'
  })
  return Object.fromEntries(numbers)
})

const run = z
  .object({
    job_status: z.string(),
    job_parameters: z.string().transform((text) => sums.parse(JSON.parse(text))),
  })
  .transform(({ job_parameters: numbers, job_status: status }) => ({ status, sums: numbers }))

/** Begins a garbage collection as administrators do; answers its path. */
export const startRun = async (registry: Managed, parameters: object = {}): Promise<string> => {
  const started = await registry.ask('/system/gc/schedule', {
    method: 'POST',
    body: { schedule: { type: 'Manual' }, parameters },
  })
  expect(started.status).toBe(201)
  return (started.headers.get('location') ?? '').replace('/api/v2.0', '')
}

/** Waits for its end; answers how that was, with the numbers that came out. */
export const endOf = async (registry: Managed, path: string) =>
  await eventually(`the end of ${path}`, async () => {
    const found = run.parse(await (await registry.ask(path)).json())
    return /Pending|Running/.test(found.status) ? undefined : found
  })

/** All that there were. */
export const runsOf = async (registry: Managed) =>
  z.array(run).parse(await (await registry.ask('/system/gc?page_size=100')).json())
