import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { expect, it } from 'vitest'
import { certify } from '../support/certificate.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

it('serves HTTPS with a certificate and a key, and says so', async () => {
  const { path, remove } = await temporaryDirectory('tls')
  const { cert, key } = await certify(path)
  const ca = await readFile(cert, 'utf8')
  const server = await startServer({ args: ['--tls-cert', cert, '--tls-key', key], ca })
  try {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const [answer] = (await once(request(`${server.url}/v2/`, { ca }).end(), 'response')) as [
      { readonly statusCode: number },
    ]
    expect(answer.statusCode).toBe(200)
    await expect(fetch(`${server.url.replace('https', 'http')}/v2/`)).rejects.toThrow()
  } finally {
    await server.stop()
    await remove()
  }
})
