import { expect, test } from 'vitest'
import { createSyncOnce } from '../../shared/embedded/sync-once.ts'

/** Flushes that end when a test says so. */
const heldFlushes = () => {
  const begun: {
    readonly directory: string
    readonly end: () => void
    readonly fail: () => void
  }[] = []
  const sync = async (directory: string): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => {
        reject(new Error('no flush'))
      }
      begun.push({ directory, end: resolve, fail })
    })
  }
  return { begun, sync }
}

const turn = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve))
}

test('whoever comes before a flush has begun is served by it, and whoever comes later by another one', async () => {
  const { begun, sync } = heldFlushes()
  const syncOnce = createSyncOnce(sync)
  const ended: string[] = []
  const ask = (name: string, directory: string) =>
    void syncOnce(directory).then(() => ended.push(name))
  // Four at once, and the fifth waits.
  for (const directory of ['a', 'b', 'c', 'd', 'e']) ask(`first ${directory}`, directory)
  ask('second e', 'e')
  await turn()
  expect(begun.map(({ directory }) => directory)).toEqual(['a', 'b', 'c', 'd'])
  // Its names may not be in the flush that is under way.
  ask('second a', 'a')
  begun[0]?.end()
  await turn()
  expect(ended).toEqual(['first a'])
  expect(begun.map(({ directory }) => directory)).toEqual(['a', 'b', 'c', 'd', 'e'])
  begun[4]?.end()
  await turn()
  expect(ended).toEqual(['first a', 'first e', 'second e'])
  expect(begun.at(-1)?.directory).toBe('a')
  begun[5]?.end()
  await turn()
  expect(ended.at(-1)).toBe('second a')
})

test('a flush that fails has failed for all whom it was to serve, and for nobody after them', async () => {
  const { begun, sync } = heldFlushes()
  const syncOnce = createSyncOnce(sync)
  for (const directory of ['a', 'b', 'c', 'd']) void syncOnce(directory)
  const both = Promise.allSettled([syncOnce('e'), syncOnce('e')])
  await turn()
  begun[0]?.end()
  await turn()
  begun[4]?.fail()
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const later = syncOnce('e')
  await turn()
  begun[5]?.end()
  await later
})
