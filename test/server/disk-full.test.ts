import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { eventually } from '../support/eventually.ts'
import { startServer } from '../support/server.ts'
import { canMount, withSmallDisk } from '../support/small-disk.ts'

const MIB = 1024 * 1024

const push = async (url: string, blob: Uint8Array): Promise<Response> => {
  const path = `/v2/p/a/blobs/uploads/?digest=${digestOf(blob)}`
  return await fetch(`${url}${path}`, { method: 'POST', body: Buffer.from(blob) })
}

test.runIf(canMount)(
  'on a full disk a push fails with a clear error, pulls go on, and room makes all go on',
  async () => {
    await withSmallDisk(async (disk) => {
      const filler = join(disk, 'filler')
      await writeFile(filler, Buffer.alloc(40 * MIB))
      const server = await startServer({ data: join(disk, 'data') })
      const blobs = Array.from({ length: 64 }, (_, index) => Buffer.alloc(MIB, index))
      const isFull = async (blob: Buffer): Promise<boolean> => {
        const { status } = await push(server.url, blob)
        expect([201, 507]).toContain(status)
        return status === 507
      }
      try {
        let stored = 0
        for (const blob of blobs) {
          if (await isFull(blob)) break
          stored += 1
        }
        expect(stored).toBeGreaterThan(5)
        expect(stored).toBeLessThan(64)
        const refused = blobs[stored] ?? Buffer.alloc(0)
        const answer = await push(server.url, refused)
        expect(answer.status).toBe(507)
        expect(await answer.json()).toMatchObject({
          errors: [{ code: 'DENIED', message: expect.stringContaining('no room left') as string }],
        })
        const blob = (bytes: Buffer) => fetch(`${server.url}/v2/p/a/blobs/${digestOf(bytes)}`)
        for (const bytes of blobs.slice(0, stored)) {
          expect(digestOf(await (await blob(bytes)).bytes())).toBe(digestOf(bytes))
        }
        expect((await blob(refused)).status).toBe(404)
        await rm(filler)
        await eventually('a push succeeds again', async () =>
          (await push(server.url, refused)).status === 201 ? true : undefined,
        )
      } finally {
        await server.stop()
      }
    })
  },
)
