import { foresee } from '../../shared/gc/foresee.ts'
import { DEFAULT_PARAMETERS } from '../../shared/gc/parameters.ts'
import { PortError, type BatchOperation, type TransactOperation } from '../../shared/ports.ts'
import type { Story } from './clients.ts'
import type { Registry } from './registry.ts'

const DAY_MS = 24 * 60 * 60_000

/** As `Story.deletesUntagged` has it; limits are for others to test. */
const DRY = { ...DEFAULT_PARAMETERS, isDryRun: true }

/** A process that asks over and over what would be collected; whatever it is told, nothing but its log is written. */
export const runForeseer = async (story: Story, registry: Registry): Promise<void> => {
  const { random } = story.world
  const { store, ...context } = registry.context
  const keep = (operations: readonly (TransactOperation | BatchOperation)[]): void => {
    for (const operation of operations) {
      const { pk, sk } = operation.op === 'put' ? operation.item : operation.key
      if (!pk.startsWith('GCLOG#')) story.broken.push(`a dry run writes ${pk} ${sk}`)
    }
  }
  const kv = {
    ...store.kv,
    write: async (...args: Parameters<typeof store.kv.write>) => {
      keep([args[0]])
      return await store.kv.write(...args)
    },
    batchWrite: async (...args: Parameters<typeof store.kv.batchWrite>) => {
      keep(args[0])
      return await store.kv.batchWrite(...args)
    },
    transact: async (...args: Parameters<typeof store.kv.transact>) => {
      keep(args[0])
      return await store.kv.transact(...args)
    },
  }
  const objects = {
    ...context.objects,
    deleteMany: (keys: readonly string[]) => {
      story.broken.push(`a dry run deletes ${keys.join(' ')}`)
      return Promise.resolve(keys)
    },
  }
  // Later than now, so that there is something to foresee however fast the workers are.
  const ahead = { ...store.clock, now: () => store.clock.now() + 2 * DAY_MS }
  for (let number = 1_000_000 * (1 + random.below(1_000)); ; number += 1) {
    await registry.process.clock.sleep(random.below(500))
    try {
      const foreseen = await foresee({
        context: { ...context, objects, store: { ...store, kv, clock: ahead } },
        parameters: { ...DRY, deleteUntagged: story.deletesUntagged },
        ...{ number, isStopped: () => false, troubled: () => undefined },
      })
      const { blobs, manifests, objects: freed, quotaBytes } = foreseen
      count(story, 'dryRun')
      if (blobs + manifests + freed + quotaBytes > 0) count(story, 'foreseen')
    } catch (error) {
      if (!(error instanceof PortError)) throw error
    }
  }
}

const count = ({ done }: Story, kind: string): void => {
  done.set(kind, (done.get(kind) ?? 0) + 1)
}
