import { describe, expect, it } from 'vitest'
import type { Item } from '../../shared/ports.ts'
import { createAudited } from '../support/audited.ts'
import { createRandom } from '../../shared/memory/random.ts'
import { freshSeed, tellMany } from './many.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 40)
const STEPS = 2_500

describe('audits while clients push and delete and workers collect', () => {
  it.each(['audit', 'auditUntagged', 'auditIndexes'] as const)(
    'find nothing, and break nothing: %s',
    async (kind) => {
      const { done } = await tellMany(kind, SEEDS, STEPS)
      const collected = kind === 'auditIndexes' ? [] : ['blob', 'object']
      for (const each of ['upload', 'put', 'delete', 'audit', ...collected]) {
        expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS / 8)
      }
    },
  )

  it('find nothing under a new seed', async () => {
    await tellMany('audit', 1, STEPS, freshSeed('audit'))
  })
})

/** Kinds of items whose loss an audit must see, by their keys. */
const NEEDED: readonly ((item: Item) => boolean)[] = [
  ({ pk }) => pk.startsWith('OBJECT#'),
  ({ pk, sk }) => pk.startsWith('BLOB#') && !sk.endsWith('#LEASE'),
  ({ pk, sk }) => pk.startsWith('MANIFEST#') && !sk.startsWith('#INTENT#'),
  ({ pk, sk }) => pk.startsWith('REPOSITORY#') && /^(?:ARTIFACT|PART|ACCESSORY)#/.test(sk),
]

describe('a record that is lost', () => {
  it('is missed by an audit, whichever it is, and what can be mended is', async () => {
    const { world } = await createAudited()
    const needed = world.table.items().filter((item) => NEEDED.some((isOf) => isOf(item)))
    expect(needed.length).toBeGreaterThan(50)
    for (const { pk, sk } of needed) {
      const audited = await createAudited()
      audited.world.table.set({ pk, sk }, undefined)
      const found = await audited.audit()
      expect(found, `${pk} ${sk}`).not.toEqual([])
      await audited.collect(6)
      const stays = await audited.audit()
      const isLost = found.some(({ isMended }) => !isMended) || /^#(?:BODY|$)/.test(sk)
      if (!isLost) expect(stays, `${pk} ${sk}`).toEqual([])
      // What the project paid for a link that is lost it pays again.
      const broken = audited.broken().filter((line) => !line.startsWith('I4'))
      if (!isLost) expect(broken, `${pk} ${sk}`).toEqual([])
    }
  })

  it('of an object is missed, and nothing that is whole is harmed by what mends it', async () => {
    const random = createRandom(1)
    for (let times = 0; times < 10; times += 1) {
      const audited = await createAudited()
      const { bucket, table } = audited.world
      const name = random.pick([...bucket.objects.keys()]) ?? ''
      bucket.remove(name)
      expect((await audited.audit()).map(({ kind }) => kind)).toEqual([
        expect.stringMatching(/^(?:blobWithoutBytes|manifestWithoutBody)$/),
      ])
      const before = table.items().filter(({ sk }) => sk === '#').length
      await audited.collect(6)
      expect(table.items().filter(({ sk }) => sk === '#').length).toBe(before)
    }
  })
})
