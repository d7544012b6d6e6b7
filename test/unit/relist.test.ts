import { describe, expect, it } from 'vitest'
import { countArtifacts } from '../../shared/artifacts/counts.ts'
import { walkListed } from '../../shared/artifacts/entries.ts'
import { condemn } from '../../shared/guards/collect.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { TransactOperation } from '../../shared/ports.ts'
import { removeManifest } from '../../shared/registry/manifests/delete.ts'
import { relist } from '../../shared/registry/manifests/relist.ts'
import { key, type ListedAs } from '../../shared/table.ts'
import { imageJson, indexJson, pushBlob, putManifest } from '../support/app.ts'
import { createCollectedRegistry, type CollectedOptions } from '../support/gc.ts'

const ONE = imageJson('{}', ['one'])
const TWO = imageJson('{}', ['two'])
const INDEX = indexJson([ONE, TWO])
const one = digestOf(ONE)
const two = digestOf(TWO)
const whole = digestOf(INDEX)

const isMove = (operation: TransactOperation): boolean =>
  operation.op === 'update' && operation.set?.['listedAs'] !== undefined
const isTag = (operation: TransactOperation): boolean =>
  operation.op === 'put' && operation.item.sk.startsWith('TAG#')
const isRemovalOf = (digest: string) => (operation: TransactOperation) =>
  operation.op === 'delete' && operation.key.pk.endsWith(digest) && operation.key.sk === '#'

/** A registry with blobs for two images, and what tells how its manifests are listed. */
const start = async (options: Pick<CollectedOptions, 'allowSparse'> = {}) => {
  const hook: { run?: ((operations: readonly TransactOperation[]) => Promise<void>) | undefined } =
    {}
  const collected = createCollectedRegistry({
    ...options,
    requests: ({ kv }) => ({
      kv: {
        ...kv,
        transact: async (operations, token) => {
          await hook.run?.(operations)
          return await kv.transact(operations, token)
        },
      },
    }),
  })
  const { ask, context, registry } = collected
  const { store } = context
  for (const content of ['{}', 'one', 'two']) await pushBlob(registry, 'p/a', content)
  const repository = await context.repositories.forPush(parseRepositoryName('p/a'))
  const { rid } = repository
  const push = async (reference: string, json: string): Promise<void> => {
    expect((await putManifest(registry, 'p/a', reference, json)).status).toBe(201)
  }
  const names = new Map([
    [one, 'one'],
    [two, 'two'],
    [whole, 'index'],
  ])
  const list = async (as: ListedAs): Promise<string> => {
    const entries = await Array.fromAsync(walkListed(store, rid, as))
    return entries
      .map(({ digest }) => names.get(digest) ?? 'other')
      .sort()
      .join(' ')
  }
  return {
    ...collected,
    ...{ push, repository, store },
    pushParts: async () => {
      for (const part of [ONE, TWO]) await push(digestOf(part), part)
    },
    remove: async (reference: string) => await ask(`p/a/manifests/${reference}`, 'DELETE'),
    /** How many artifacts are counted, the names of those listed, and of parts; each in alphabetical order. */
    listed: async (): Promise<string> =>
      `${await countArtifacts(store, rid)}: ${await list('artifact')} / ${await list('part')}`,
    /** Lists the first image where it belongs. */
    relistOne: async (): Promise<void> => {
      await relist(store, repository, one)
    },
    /** Nothing is moved from list to list while something is done. */
    unmoved: async (does: () => Promise<void>): Promise<void> => {
      hook.run = async (operations) => {
        await Promise.resolve()
        if (operations.some(isMove)) throw new Error('not now')
      }
      await does()
      hook.run = undefined
    },
    /** Once, before a transaction in which there is such an operation, something else is done. */
    before: (isIt: (operation: TransactOperation) => boolean, does: () => Promise<void>): void => {
      hook.run = async (operations) => {
        if (!operations.some(isIt)) return
        hook.run = undefined
        await does()
      }
    },
  }
}

describe('the parts of an index', () => {
  it('are listed as such from its push on, but while they have a tag, and until it goes', async () => {
    const { collect, listed, push, pushParts, remove } = await start()
    await pushParts()
    expect(await listed()).toBe('2: one two / ')
    await push('all', INDEX)
    expect(await listed()).toBe('1: index / one two')
    await push('v1', ONE)
    expect(await listed()).toBe('2: index one / two')
    expect(await remove('v1')).toBe(202)
    expect(await listed()).toBe('1: index / one two')
    expect(await remove(whole)).toBe(202)
    expect(await listed()).toBe('2: one two / ')
    await collect(3)
    expect(await listed()).toBe('2: one two / ')
  })

  it('are listed anew by the collector when their tag has moved elsewhere, or their index was collected', async () => {
    const { collect, context, listed, push, pushParts, repository } = await start()
    await pushParts()
    await push('all', INDEX)
    await push('v1', ONE)
    await collect(1)
    await push('v1', imageJson('{}', ['one', 'two']))
    expect(await listed()).toBe('3: index one other / two')
    await collect(0)
    expect(await listed()).toBe('2: index other / one two')
    await collect(1)
    // As a collector does, which leaves the rest to tasks.
    await removeManifest(context, repository, whole)
    expect(await listed()).toBe('1: other / one two')
    await collect(1)
    expect(await listed()).toBe('3: one other two / ')
  })

  it('are listed by the task of a push that could not do it, and was none the worse for it', async () => {
    const { collect, listed, push, pushParts, unmoved } = await start()
    await pushParts()
    await collect(1)
    await unmoved(async () => {
      await push('all', INDEX)
    })
    expect(await listed()).toBe('3: index one two / ')
    await collect(1)
    expect(await listed()).toBe('1: index / one two')
    await unmoved(async () => {
      await push('v1', ONE)
    })
    expect(await listed()).toBe('1: index / one two')
    await collect(1)
    expect(await listed()).toBe('2: index one / two')
  })

  it('are listed as such when they come behind it, and the collector has seen them', async () => {
    const { collect, listed, push, pushParts } = await start({ allowSparse: true })
    await push('all', INDEX)
    await pushParts()
    expect(await listed()).toBe('3: index one two / ')
    await collect(0)
    expect(await listed()).toBe('1: index / one two')
  })

  it('are listed anew while they are on trial, which goes on', async () => {
    const { listed, push, pushParts, relistOne, repository, store, unmoved } = await start()
    await pushParts()
    await unmoved(async () => {
      await push('all', INDEX)
    })
    const guard = key.manifest(repository.rid, one)
    const trial = await condemn(store, guard)
    await relistOne()
    expect(await listed()).toBe('2: index two / one')
    expect(await store.kv.get(guard, 'strong')).toMatchObject({
      ...{ state: 'CONDEMNED', version: trial?.version, review: trial?.review },
    })
  })
})

describe('when somebody comes between a look and what follows from it', () => {
  const withIndexUnseen = async () => {
    const started = await start()
    await started.pushParts()
    await started.unmoved(async () => {
      await started.push('all', INDEX)
    })
    return started
  }

  it('a tag is seen by the look behind the move', async () => {
    const { before, listed, push, relistOne } = await withIndexUnseen()
    before(isMove, async () => {
      await push('v1', ONE)
    })
    await relistOne()
    expect(await listed()).toBe('3: index one two / ')
  })

  it('a tag is seen by the task of the move, when whoever made it is never heard of again', async () => {
    const { before, collect, listed, push, relistOne } = await withIndexUnseen()
    const dead = Promise.withResolvers<never>()
    const moved = Promise.withResolvers<undefined>()
    before(isMove, async () => {
      await push('v1', ONE)
      // All that was to be looked at has been by then.
      await collect(1)
      // The move is made, and whoever asked for it goes on to the next call never.
      before(
        () => true,
        async () => await dead.promise,
      )
      moved.resolve(undefined)
    })
    await Promise.race([relistOne(), moved.promise])
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    expect(await listed()).toBe('1: index / one two')
    await collect(1)
    expect(await listed()).toBe('2: index one / two')
  })

  it('a tag that was to be pointed at an artifact finds that it is a part by now', async () => {
    const { before, collect, listed, push, pushParts } = await start()
    await pushParts()
    before(isTag, async () => {
      await push('all', INDEX)
      await collect(1)
      expect(await listed()).toBe('1: index / one two')
    })
    await push('v1', ONE)
    expect(await listed()).toBe('2: index one / two')
  })

  it('two that list the same do it once', async () => {
    const { before, listed, relistOne } = await withIndexUnseen()
    before(isMove, relistOne)
    await relistOne()
    expect(await listed()).toBe('2: index two / one')
  })

  it('a manifest that is deleted goes from the list that it is in by then', async () => {
    const { before, context, listed, push, pushParts, relistOne, remove, repository } =
      await start()
    await pushParts()
    await push('all', INDEX)
    // Without a name, as where a repository is deleted: its parts are not listed anew at once.
    await removeManifest(context, repository, whole)
    expect(await listed()).toBe('0:  / one two')
    before(isRemovalOf(one), relistOne)
    expect(await remove(one)).toBe(202)
    expect(await listed()).toBe('0:  / two')
  })
})
