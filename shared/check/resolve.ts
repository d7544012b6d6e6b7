import type { Digest } from '../oci/digest.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { taskShards, type ObjectId } from '../table.ts'
import { parseTask } from '../tasks/parse.ts'
import { sideBySide } from '../limiter.ts'
import type { Suspect } from './suspect.ts'
import { tokensOf } from './tokens.ts'

/** By then a transaction that was seen in part is seen as a whole. */
const VISIBLE_MS = 5_000

/**
 * Tells what is wrong from what only looked so: it is so now, at one moment; no task sees to it, some of which come with the
 * very transaction that made it so; and it is so still. Whoever works off a task writes its successor before the task goes,
 * so if the walk through the queue missed both, what they see to has changed by then.
 */
export const resolve = async (
  store: Store,
  suspects: readonly Suspect[],
): Promise<readonly Suspect[]> => {
  const likely = await confirmed(await unseenTo(store, suspects))
  if (likely.length === 0) return []
  await store.clock.sleep(VISIBLE_MS)
  return await confirmed(await unseenTo(store, likely))
}

const confirmed = async (suspects: readonly Suspect[]): Promise<readonly Suspect[]> => {
  const found = await sideBySide(suspects, async (suspect) =>
    (await suspect.confirm()) ? [suspect] : [],
  )
  return found.flat()
}

/** Those to which no task in the queue sees; what was looked for in the trash becomes what it is when it is there. */
const unseenTo = async (
  store: Store,
  suspects: readonly Suspect[],
): Promise<readonly Suspect[]> => {
  if (suspects.length === 0) return []
  const awaited = new Set(suspects.flatMap(({ awaits }) => awaits))
  const wanted = new Set(suspects.flatMap(({ fromTrash }) => fromTrash?.blob ?? []))
  const seen = new Set<string>()
  const trash = new Map<Digest, ObjectId>()
  for (const pk of taskShards()) {
    for await (const items of pages(store, { pk, read: 'strong' })) {
      for (const item of items) {
        const task = parseTask(item)?.task
        if (task === undefined) continue
        for (const token of tokensOf(task)) if (awaited.has(token)) seen.add(token)
        if (task.type !== 'OBJECT_DELETE' || task.digest === undefined) continue
        if (wanted.has(task.digest)) trash.set(task.digest, task.oid)
      }
    }
  }
  return suspects
    .filter(({ awaits }) => !awaits.some((token) => seen.has(token)))
    .map((suspect) => {
      const { fromTrash } = suspect
      const oid = fromTrash && trash.get(fromTrash.blob)
      return oid === undefined ? suspect : { ...suspect, ...fromTrash?.found(oid) }
    })
}
