import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressBehindProxy } from '../../functions/server/forwarded.ts'
import { requestLimitFor } from '../../functions/lambda/limits.ts'

describe('whom a request behind a proxy comes from', () => {
  const from = (forwarded?: string): string => {
    const request = new IncomingMessage(new Socket())
    if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
    return addressBehindProxy(request)
  }

  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['1.1.1.1, 198.51.100.7', '198.51.100.7'],
    ['made up, 2001:db8::1', '2001:db8::1'],
    ['198.51.100.7, unknown', ''],
    ['', ''],
  ])('%s', (forwarded, address) => {
    expect(from(forwarded)).toBe(address)
  })

  it('is whoever is connected where nobody forwards', () => {
    expect(from()).toBe('')
  })
})

describe('what clients are told of large layers on Lambda', () => {
  it('names the relay where there is one, and none where there is none', () => {
    expect(requestLimitFor('https://push.example.com').hint).toContain('to push.example.com')
    expect(requestLimitFor(undefined).hint).not.toContain('relay')
  })
})
