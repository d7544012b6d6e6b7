import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../../shared/bucket.ts'
import type { FindingKind } from '../../../shared/check/finding.ts'
import { digestOf, type Digest } from '../../../shared/oci/digest.ts'
import type { Item, Key } from '../../../shared/ports.ts'
import { key, prefix, type ObjectId } from '../../../shared/table.ts'
import { createAudited, type Audited } from '../../support/audited.ts'

type Damage = {
  readonly does: (audited: Audited) => Promise<void> | void
  readonly found: readonly FindingKind[]
  /** What the next audit still finds, when all that can be mended is. */
  readonly stays?: readonly FindingKind[]
}

const remove = ({ world }: Audited, at: Key): void => {
  expect(world.table.get(at), `${at.pk} ${at.sk}`).toBeDefined()
  world.table.set(at, undefined)
}

const change = ({ world }: Audited, at: Key, set: Readonly<Record<string, string | number>>) => {
  const item = world.table.get(at)
  expect(item).toBeDefined()
  if (item !== undefined) world.table.set(at, { ...item, ...set })
}

const removeBelow = (audited: Audited, pk: string, start: string): void => {
  const items = below(audited, pk, start)
  expect(items.length, `${pk} ${start}`).toBeGreaterThan(0)
  for (const item of items) remove(audited, item)
}

/** Items of one partition whose sort key begins so. */
const below = ({ world }: Audited, pk: string, start: string): readonly Item[] =>
  world.table.items().filter((item) => item.pk === pk && item.sk.startsWith(start))

/** Puts the entry of a manifest into the list of artifacts, as if it had always been there. */
const listAmongArtifacts = ({ repository: { rid }, world }: Audited, digest: Digest): void => {
  const guard = key.manifest(rid, digest)
  const item = world.table.get(guard)
  if (item === undefined) throw new Error(`there is no ${digest}`)
  const { listedAs: _gone, ...others } = item
  world.table.set(guard, { ...others, ...guard })
  for (const list of Object.values(prefix.listed)) {
    const [entry] = world.table
      .items()
      .filter(({ pk, sk }) => pk === key.tagsOf(rid) && sk.startsWith(list) && sk.endsWith(digest))
    if (entry === undefined) continue
    world.table.set(entry, undefined)
    const at = { pk: entry.pk, sk: entry.sk.replace(list, prefix.listed.artifact) }
    world.table.set(at, { ...entry, ...at })
  }
}

/** The object of the body of the large manifest. */
const bodyOf = ({ manifests, repository, world }: Audited): ObjectId =>
  String(world.table.get(key.manifest(repository.rid, manifests.large))?.['oid']) as ObjectId

const one = digestOf('one')
const two = digestOf('two')
const OTHER = 'b'.repeat(26)

const isEnd = ({ type }: Item): boolean => type === 'TRASH_END'

/** A blob and its image in the trash. */
const withTrash = async (audited: Audited): Promise<void> => {
  expect(await audited.ask(`p/a/manifests/${audited.manifests.image}`, 'DELETE')).toBe(202)
  for (let hour = 0; hour < 3; hour += 1) {
    await audited.collect()
    audited.world.pass(60 * 60_000)
  }
}

/** A blob, bytes and all, to which no project has a link, and of which no task knows. */
const putUnheld =
  (state: string) =>
  ({ oidOf, world }: Audited): void => {
    const oid = OTHER as ObjectId
    const digest = digestOf('nobody')
    const [blob, object] = [key.blob(digest), key.object(oid)]
    const like = { ...world.table.get(key.blob(one)), ...blob, oid, size: 6, state }
    world.table.set(blob, like)
    world.table.set(object, { ...world.table.get(key.object(oidOf('one'))), ...object, digest })
    world.bucket.put(bucketKey.object(oid), Buffer.from('nobody'), true)
  }

const DAMAGES: Readonly<Record<string, Damage>> = {
  'A: an object in the bucket of which the table knows nothing': {
    does: ({ world }) => {
      world.bucket.put(bucketKey.object(OTHER as ObjectId), Buffer.from('stray'), true)
    },
    found: ['objectWithoutRecord'],
  },
  'A: what an upload left behind that is over': {
    does: ({ oidOf, world }) => {
      world.bucket.put(bucketKey.tail(OTHER as ObjectId, 'a'), Buffer.from('tail'), true)
      world.bucket.put(bucketKey.tail(oidOf('one'), 'a'), Buffer.from('tail'), true)
    },
    found: ['tailWithoutUpload', 'tailWithoutUpload'],
  },
  'A: an object whose record is lost, but not its blob': {
    does: (audited) => {
      remove(audited, key.object(audited.oidOf('one')))
    },
    found: ['blobWithoutObject'],
  },
  'B: a blob without bytes': {
    does: ({ oidOf, world }) => {
      world.bucket.remove(bucketKey.object(oidOf('one')))
    },
    found: ['blobWithoutBytes'],
    stays: ['blobWithoutBytes'],
  },
  'C: a ref of a manifest that is gone': {
    does: ({ repository, world }) => {
      const at = key.blobRef(two, repository, one, OTHER as Parameters<typeof key.blobRef>[3])
      world.table.set(at, { ...at, v: 1 })
    },
    found: ['holderWithoutManifest'],
  },
  'C: an edge, a list entry and a tag of a manifest that is gone': {
    does: ({ manifests, repository: { rid }, world }) => {
      const inc = OTHER as Parameters<typeof key.blobRef>[3]
      const [tag] = ['gone'] as unknown as readonly Parameters<typeof key.heldByTag>[2][]
      for (const at of [
        key.heldByIndex(rid, manifests.image, one, inc),
        key.listed(rid, 'artifact', 1, one),
        key.referrer(rid, manifests.image, 'type', one, inc),
        key.manifestBody(rid, manifests.image, inc),
        ...(tag === undefined ? [] : [key.heldByTag(rid, manifests.image, tag, inc)]),
      ]) {
        world.table.set(at, { ...at, v: 1, inc })
      }
    },
    found: Array.from({ length: 5 }, () => 'holderWithoutManifest' as const),
  },
  'D: a blob that nothing holds': { does: putUnheld('LIVE'), found: ['blobUnreviewed'] },
  'D: a blob that nothing holds and a collector left on trial': {
    does: putUnheld('CONDEMNED'),
    found: ['blobUnreviewed'],
  },
  'D: a manifest that nothing holds and no review waits for': {
    does: async (audited) => {
      const {
        manifests,
        repository: { rid },
      } = audited
      expect(await audited.ask('p/a/manifests/about', 'DELETE')).toBe(202)
      await audited.collect(2)
      // Its subject is there; so it was not looked at again.
      expect(await audited.audit()).toEqual([])
      expect(await audited.ask(`p/a/manifests/${manifests.image}`, 'DELETE')).toBe(202)
      await audited.collect()
      for (const item of audited.world.table.items()) {
        if (item['type'] === 'REFERRERS_REVIEW' || item['type'] === 'TOMBSTONE')
          remove(audited, item)
      }
      expect(audited.world.table.get(key.manifest(rid, manifests.about))).toBeDefined()
    },
    found: ['manifestUnreviewed'],
  },
  'E: a ref that is lost': {
    does: (audited) => {
      const { manifests, repository } = audited
      const start = `PROJECT#${repository.pid}#REPOSITORY#${repository.rid}#MANIFEST#${manifests.image}`
      const [ref] = below(audited, key.blob(two).pk, start)
      if (ref !== undefined) remove(audited, ref)
    },
    found: ['linkUnreviewed', 'childNotHeld'],
  },
  'E: everything by which an index holds its part, and both are found': {
    does: (audited) => {
      const {
        manifests,
        repository: { rid },
      } = audited
      removeBelow(audited, key.manifest(rid, manifests.part).pk, 'HELD#')
      for (const list of Object.values(prefix.listed)) removeBelow(audited, key.tagsOf(rid), list)
      removeBelow(audited, key.manifest(rid, manifests.image).pk, 'REFERRER#')
    },
    found: ['listedElsewhere', ...Array.from({ length: 5 }, () => 'childNotHeld' as const)],
  },
  'E: the hold of a tag': {
    does: (audited) => {
      const {
        manifests,
        repository: { rid },
      } = audited
      removeBelow(audited, key.manifest(rid, manifests.image).pk, 'HELD#')
    },
    found: ['childNotHeld', 'manifestUnreviewed'],
  },
  'H: a part of an index among the artifacts': {
    does: (audited) => {
      const {
        manifests,
        repository: { rid },
        world,
      } = audited
      listAmongArtifacts(audited, manifests.part)
      const [count] = below(audited, key.tagsOf(rid), 'COUNT#')
      if (count === undefined) throw new Error('nothing is counted')
      world.table.set(count, { ...count, artifacts: Number(count['artifacts']) + 1 })
    },
    found: ['listedElsewhere'],
  },
  'H: an accessory among the artifacts, where all were once, and were not counted': {
    does: (audited) => {
      listAmongArtifacts(audited, audited.manifests.about)
    },
    found: ['listedElsewhere'],
  },
  'H: an entry of a manifest that is in another list': {
    does: (audited) => {
      const {
        repository: { rid },
        world,
      } = audited
      const [entry] = below(audited, key.tagsOf(rid), prefix.listed.part)
      if (entry === undefined) throw new Error('there is no part')
      const sk = entry.sk.replace(prefix.listed.part, prefix.listed.artifact)
      world.table.set({ ...entry, sk }, { ...entry, sk })
    },
    found: ['holderWithoutManifest'],
  },
  'E: a blob whose record is lost, but not its bytes': {
    does: (audited) => {
      remove(audited, key.blob(one))
    },
    found: ['bytesWithoutBlob', ...Array.from({ length: 3 }, () => 'blobWithoutRecord' as const)],
  },
  'E: a blob that is lost altogether': {
    does: (audited) => {
      const oid = audited.oidOf('two')
      remove(audited, key.blob(two))
      remove(audited, key.object(oid))
      audited.world.bucket.remove(bucketKey.object(oid))
    },
    found: ['blobWithoutRecord'],
    stays: ['blobWithoutRecord'],
  },
  'E: the bytes of manifests': {
    does: (audited) => {
      const {
        manifests,
        repository: { rid },
        world,
      } = audited
      removeBelow(audited, key.manifest(rid, manifests.part).pk, '#BODY#')
      world.bucket.remove(bucketKey.object(bodyOf(audited)))
    },
    found: ['manifestWithoutBody', 'manifestWithoutBody'],
    stays: ['manifestWithoutBody', 'manifestWithoutBody'],
  },
  'G: what is in the trash, and nothing would end it': {
    does: async (audited) => {
      await withTrash(audited)
      for (const item of audited.world.table.items()) if (isEnd(item)) remove(audited, item)
      await audited.collect(3)
    },
    // An image and its tag, each with its entry in the list.
    found: ['trashUnended', 'trashUnended', 'trashUnended', 'trashUnended'],
  },
  'G: an object that is listed as in the trash, and is not': {
    does: async (audited) => {
      const oid = audited.oidOf('two')
      await withTrash(audited)
      remove(audited, key.object(oid))
      audited.world.bucket.remove(bucketKey.object(oid))
      await audited.collect(3)
    },
    found: ['trashWithoutObject'],
  },
  'E: the record of the object of a large manifest': {
    does: (audited) => {
      remove(audited, key.object(bodyOf(audited)))
    },
    found: ['blobWithoutObject'],
  },
}

describe('a storage audit', () => {
  it('finds nothing where all is well, whatever its pages hold, and writes nothing', async () => {
    const { audit, world } = await createAudited()
    const before = world.table.changes()
    for (const pageItems of [1, 2, 7, 1_000]) expect(await audit({ pageItems })).toEqual([])
    expect(world.table.changes()).toBe(before)
  })

  it.each(Object.entries(DAMAGES))('finds %s; and has it mended', async (_name, damage) => {
    for (const pageItems of [3, 1_000]) {
      const audited = await createAudited()
      await damage.does(audited)
      const first = await audited.audit({ pageItems })
      const found = first.map(({ kind }) => kind)
      expect(found.sort()).toEqual(damage.found.toSorted())
      const again = (await audited.audit({ pageItems })).map(({ kind }) => kind)
      await audited.collect(6)
      const stays = (await audited.audit({ pageItems })).map(({ kind }) => kind)
      expect(stays.sort()).toEqual((damage.stays ?? []).toSorted())
      if (damage.stays === undefined) expect(audited.broken()).toEqual([])
      expect(again.length).toBeLessThanOrEqual(found.length)
    }
  })

  it('finds nothing in what is held and was left on trial; it goes when it is let go', async () => {
    const audited = await createAudited()
    const { pid, rid } = audited.repository
    change(audited, key.blob(one), { state: 'CONDEMNED', version: 'trial' })
    change(audited, key.link(one, pid), { state: 'CONDEMNED', version: 'trial' })
    expect(await audited.audit()).toEqual([])
    const isHolder = (name: string): boolean => name.includes(`#REPOSITORY#${rid}#`)
    const { pk } = key.link(one, pid)
    const holders = audited.world.table
      .items()
      .filter((item) => item.pk === pk && isHolder(item.sk))
    expect(holders).not.toEqual([])
    for (const holder of holders) remove(audited, holder)
    expect((await audited.audit()).map(({ kind }) => kind)).toContain('linkUnreviewed')
  })

  it('lets nothing go that has only lost what held it, where untagged manifests go at once', async () => {
    const audited = await createAudited()
    const {
      manifests,
      repository: { rid },
    } = audited
    for (const digest of [manifests.image, manifests.part]) {
      removeBelow(audited, key.manifest(rid, digest).pk, 'HELD#')
    }
    await audited.audit()
    await audited.collect(6, true)
    for (const digest of Object.values(manifests)) {
      expect(await audited.ask(`p/a/manifests/${digest}`), digest).toBe(200)
    }
    expect(audited.broken()).toEqual([])
  })
})
