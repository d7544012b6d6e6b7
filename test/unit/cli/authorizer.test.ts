import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKnownTokens } from '../../../functions/cli/proxy/tokens.ts'
import { createAuthorizer } from '../../../functions/cli/remote/authorizer.ts'

let server: Server
let url: string
let asked: { readonly url: string; readonly authorization: string | undefined }[]

beforeEach(async () => {
  asked = []
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push({ url: request.url ?? '', authorization: request.headers.authorization })
    response.end(JSON.stringify({ token: `token-${asked.length}` }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const challenge = (realm: string): string =>
  `Bearer realm="${realm}/service/token",service="roadstead",scope="repository:a/b:pull,push"`

describe('an account', () => {
  it('is shown to the token service of its own registry, and to no other', async () => {
    const own = createAuthorizer({ url, name: 'me', secret: 'secret' })
    expect(own.header()).toBeUndefined()
    expect(await own.renew(challenge(url))).toBe(true)
    expect(own.header()).toBe('Bearer token-1')
    const elsewhere = createAuthorizer({ url: 'http://other', name: 'me', secret: 'secret' })
    await elsewhere.renew(challenge(url))
    expect(asked).toEqual([
      {
        url: '/service/token?service=roadstead&scope=repository%3Aa%2Fb%3Apull%2Cpush',
        authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
      },
      expect.objectContaining({ authorization: undefined }),
    ])
  })

  it('asks once for all who need a token at the same time', async () => {
    const authorizer = createAuthorizer({ url, name: 'me', secret: 'secret' })
    const answers = await Promise.all([1, 2, 3].map(() => authorizer.renew(challenge(url))))
    expect([answers, asked.length]).toEqual([[true, true, true], 1])
  })
})

describe('a token that a client got through the proxy', () => {
  it('is asked for again as the client did, when it has expired', async () => {
    const tokens = createKnownTokens(url)
    const headers = { authorization: 'Basic of-the-client' }
    const path = '/service/token?scope=repository:a/b:push'
    tokens.note('{"token":"first"}', { method: 'GET', path, headers, body: Buffer.of() })
    const passed = tokens.passedOn('Bearer first')
    expect(await passed.renew(null)).toBe(true)
    expect(asked).toEqual([{ url: path, authorization: 'Basic of-the-client' }])
    expect(passed.header()).toBe('Bearer token-1')
    // And the new one, too.
    expect(await passed.renew(null)).toBe(true)
    expect(passed.header()).toBe('Bearer token-2')
  })

  it('that the proxy has not seen is the client’s to renew', async () => {
    const passed = createKnownTokens(url).passedOn('Bearer unknown')
    expect(await passed.renew(null)).toBe(false)
    expect([passed.header(), asked]).toEqual(['Bearer unknown', []])
  })
})
