import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Kv, Objects } from '../../shared/ports.ts'
import { canMount, withSmallDisk } from '../support/small-disk.ts'
import { withEmbedded } from './fresh.ts'

const MEGABYTE = new Uint8Array(1024 * 1024)

/** How many times `write` can be made until there is no room. */
const untilFull = async (write: (count: number) => Promise<unknown>): Promise<number> => {
  for (let count = 0; ; count += 1) {
    try {
      await write(count)
    } catch (error) {
      expect(error).toMatchObject({ name: 'PortError', failure: 'full' })
      return count
    }
  }
}

const putObject = async (objects: Objects, name: string): Promise<unknown> =>
  await objects.put(`object/ab/${name}`, [MEGABYTE], { ifAbsent: true })

const putItem = async (kv: Kv, sk: string): Promise<unknown> =>
  await kv.write({ op: 'put', item: { pk: 'p', sk, bytes: MEGABYTE.subarray(0, 300_000) } })

test.runIf(canMount)(
  'when objects fill the disk the table goes on, and room makes all go on',
  async () => {
    await withSmallDisk(async (disk) => {
      const directory = join(disk, 'data')
      await withEmbedded(directory, async ({ kv, objects }) => {
        const uploadId = await objects.multipart.start('object/ab/parts')
        const count = await untilFull(async (n) => await putObject(objects, String(n)))
        expect(count).toBeGreaterThan(50)
        expect(await objects.head(`object/ab/${count}`)).toBeUndefined()
        expect(
          await untilFull(
            async () => await objects.multipart.putPart('object/ab/parts', uploadId, 1, [MEGABYTE]),
          ),
        ).toBe(0)
        expect(await kv.write({ op: 'put', item: { pk: 'p', sk: 's' } })).toBe('done')
        expect(await objects.deleteMany(['object/ab/0', 'object/ab/1'])).toEqual([])
        expect(await putObject(objects, 'again')).toBe('created')
        expect(
          await objects.multipart.putPart('object/ab/parts', uploadId, 1, [new Uint8Array(9)]),
        ).toBeDefined()
      })
    })
  },
)

test.runIf(canMount)(
  'when the table fills the disk nothing is lost, reads go on and deletes make room',
  async () => {
    await withSmallDisk(async (disk) => {
      const directory = join(disk, 'data')
      const count = await withEmbedded(directory, async ({ kv, objects }) => {
        await untilFull(async (n) => await putObject(objects, String(n)))
        const items = await untilFull(async (n) => await putItem(kv, String(n)))
        expect(items).toBeGreaterThan(3)
        const together = await Promise.allSettled([putItem(kv, 'x'), putItem(kv, 'y')])
        expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
        expect(await kv.get({ pk: 'p', sk: String(items) }, 'strong')).toBeUndefined()
        expect(await kv.get({ pk: 'p', sk: '0' }, 'strong')).toBeDefined()
        expect(await kv.write({ op: 'delete', key: { pk: 'p', sk: '0' } })).toBe('done')
        await objects.deleteMany(['object/ab/0', 'object/ab/1', 'object/ab/2'])
        await putItem(kv, 'again')
        return items
      })
      await withEmbedded(directory, async ({ kv }) => {
        const { items } = await kv.query({ pk: 'p', limit: 2, read: 'strong' })
        expect(items.map(({ sk }) => sk)).toEqual(['1', '10'])
        expect(await kv.get({ pk: 'p', sk: String(count - 1) }, 'strong')).toBeDefined()
        expect(await kv.get({ pk: 'p', sk: 'again' }, 'strong')).toBeDefined()
      })
    })
  },
)
