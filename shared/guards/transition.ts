import type { UpdateItem } from '../ports.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { parseGuard, type Guard } from './guard.ts'

/** The write that moves a guard from what was seen to another state, and only from that. */
export const transition = (guard: Guard, state: Guard['state'], version: string): UpdateItem => ({
  op: 'update',
  key: guard.key,
  set: { state, version },
  conditions: [
    { kind: 'exists' },
    { kind: 'equals', name: 'version', value: guard.version },
    { kind: 'equals', name: 'state', value: guard.state },
  ],
})

/**
 * Moves a guard by compare-and-set; answers it as it now is, or `undefined` when somebody else was faster. A write of
 * unknown outcome is settled by reading back whose version is there.
 */
export const move = async (
  store: Store,
  guard: Guard,
  state: Guard['state'],
): Promise<Guard | undefined> => {
  const version = store.ids.next()
  const moved = { ...guard, state, version }
  let inDoubt = false
  return await retry(store, async () => {
    if (inDoubt) {
      const item = await store.kv.get(guard.key, 'strong')
      const seen = item === undefined ? undefined : parseGuard(item).version
      if (seen === version) return moved
      if (seen !== guard.version) return undefined
    }
    inDoubt = true
    const outcome = await store.kv.write(transition(guard, state, version))
    inDoubt = false
    if (outcome === 'conflict') return AGAIN
    return outcome === 'done' ? moved : undefined
  })
}
