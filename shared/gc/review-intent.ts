import { giveUpIntent } from '../registry/manifests/intent.ts'
import { pages } from '../store/query.ts'
import { timesOf } from '../store/store.ts'
import { key, parseHolder, prefix } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { reviewHolder } from './review-holder.ts'

type IntentReview = TaskOf<'INTENT_REVIEW'>

const HOLDERS_PER_PAGE = 25

/**
 * Undoes a manifest push that was begun long ago and is not committed; its tombstone does the rest. Of one that is
 * committed, looks once more at the holds of its tags when nothing can be left in flight of it: a write whose answer was
 * lost is made again, and the first one may come when its tag points elsewhere.
 */
export const reviewIntent: Handler<IntentReview> = async (gc, task, queued) => {
  const { store } = gc.context
  const { digest, inc, isSecond = false, pid, rid } = task
  await giveUpIntent(store, task)
  const { inFlight, intentReview } = timesOf(store)
  if (!isSecond && inFlight > intentReview) {
    return { again: queued.dueAt - intentReview + inFlight, task: { ...task, isSecond: true } }
  }
  const { pk } = key.manifest(rid, digest)
  const query = { pk, sk: { prefix: prefix.holdingTags }, limit: HOLDERS_PER_PAGE } as const
  for await (const items of pages(store, { ...query, keysOnly: true, read: 'strong' })) {
    for (const { sk } of items) {
      if (parseHolder(sk).inc !== inc) continue
      const holder = { type: 'HOLDER_REVIEW', holderPk: pk, holderSk: sk, pid } as const
      await reviewHolder(gc, holder, queued)
    }
  }
  return 'done'
}
