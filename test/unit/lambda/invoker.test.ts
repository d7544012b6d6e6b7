/** The API Gateway of the tests is as strict with functions as the one of AWS. */
import { afterEach, describe, expect, it } from 'vitest'
import { MAX_PAYLOAD_BYTES, type Gateway } from '../../../infra/local/limits.ts'
import { startInvoker, type EventHandler } from '../../support/gateway/invoker.ts'

const MB = 1024 * 1024

let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.stop()
})

const answering = (body: string): EventHandler => {
  const result = { statusCode: 200, headers: {}, cookies: [], body, isBase64Encoded: false }
  return () => Promise.resolve(result)
}

const ask = async (handler: EventHandler, init: RequestInit = {}, timeoutMs?: number) => {
  gateway = await startInvoker(() => () => handler, {
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const answer = await fetch(gateway.url, init)
  return [answer.status, await answer.text()] as const
}

describe('an HTTP API with a function behind it', () => {
  it('gives up on a function that does not answer in time', async () => {
    const silent: EventHandler = async () => await new Promise(() => undefined)
    expect(await ask(silent, {}, 50)).toEqual([503, '{"message":"Service Unavailable"}'])
  })

  it('answers nothing of what is too large to be answered', async () => {
    const broken = [500, '{"message":"Internal Server Error"}']
    expect(await ask(answering('x'.repeat(MAX_PAYLOAD_BYTES)))).toEqual(broken)
  })

  it.each([
    ['10 MB and a byte, which API Gateway does not take', 10 * MB + 1],
    ['5 MB, which have 6.7 as base64, and Lambda takes 6', 5 * MB],
  ])('does not ask it for %s', async (_what, bytes) => {
    let calls = 0
    const counting: EventHandler = async (...args) => {
      calls += 1
      return await answering('')(...args)
    }
    const init = { method: 'POST', body: new Uint8Array(bytes) }
    expect(await ask(counting, init)).toEqual([413, '{"message":"Request Entity Too Large"}'])
    expect(calls).toBe(0)
  })

  it('does not ask it for a head of more than 10,240 bytes', async () => {
    const [status] = await ask(answering(''), { headers: { 'x-large': 'x'.repeat(10_240) } })
    expect(status).toBe(431)
  })
})
