import { setImmediate } from 'node:timers/promises'
import type { Kv, Objects } from '../../shared/ports.ts'

/** Counts calls that wait for one another; calls side by side count once. */
export const createCounter = () => {
  let depth = 0
  const count =
    <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const mine = depth + 1
      // As a network does: what is asked in the same turn is asked side by side.
      await setImmediate()
      const answer = await call(...args)
      depth = Math.max(depth, mine)
      return answer
    }
  const wrap = ({ kv, objects }: { kv: Kv; objects: Objects }) => ({
    kv: {
      get: count(kv.get),
      batchGet: count(kv.batchGet),
      query: count(kv.query),
      scan: count(kv.scan),
      write: count(kv.write),
      batchWrite: count(kv.batchWrite),
      transact: count(kv.transact),
    },
    objects: {
      ...objects,
      put: count(objects.put),
      get: count(objects.get),
      copy: count(objects.copy),
      multipart: { ...objects.multipart, complete: count(objects.multipart.complete) },
    },
  })
  /** The status that comes of a request, and the round trips that it waited for. */
  const measure = async (run: () => Promise<Response>): Promise<[number, number]> => {
    const before = depth
    const { status } = await run()
    return [status, depth - before]
  }
  return { wrap, measure, depth: () => depth }
}
