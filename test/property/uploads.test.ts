import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { createTestApp } from '../support/app.ts'

const CHUNK = fc.uint8Array({ maxLength: 40 })

describe('an upload', () => {
  it('has the digest of its bytes, however they are cut into requests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(CHUNK, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (chunks, withLast) => {
          // So small that a few bytes take every path: parts, tails, and parts that replace tails.
          const { app } = createTestApp({ limits: { partBytes: 24, minPartBytes: 16 } })
          const whole = Buffer.concat(chunks)
          const digest = digestOf(whole)
          const started = await app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
          const location = started.headers.get('Location') ?? ''
          const sent = withLast ? chunks.slice(0, -1) : chunks
          let offset = 0
          for (const chunk of sent) {
            const headers = { 'Content-Length': String(chunk.byteLength) }
            const patched = await app.request(location, {
              method: 'PATCH',
              body: Buffer.from(chunk),
              headers,
            })
            expect(patched.status).toBe(202)
            offset += chunk.byteLength
            expect(patched.headers.get('Range')).toBe(`0-${Math.max(0, offset - 1)}`)
          }
          const last = withLast ? (chunks.at(-1) ?? Uint8Array.of()) : Uint8Array.of()
          const done = await app.request(`${location}?digest=${digest}`, {
            method: 'PUT',
            body: Buffer.from(last),
            headers: { 'Content-Length': String(last.byteLength) },
          })
          expect(done.status).toBe(201)
          const got = await app.request(`/v2/p/a/blobs/${digest}`)
          expect(Buffer.from(await got.arrayBuffer())).toEqual(whole)
        },
      ),
      { numRuns: 300 },
    )
  })
})
