import { removeManifest } from '../registry/manifests/delete.ts'
import { sweepRepository } from '../repositories/sweep.ts'
import { timesOf } from '../store/store.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { logLine } from './log.ts'

const A_WHILE_MS = 60_000

/** Deletes what is left in a repository whose name is gone, a thousand manifests at a time; each has its line in the log. */
export const deleteRepository: Handler<TaskOf<'REPOSITORY_DELETE'>> = async (gc, { pid, rid }) => {
  const { context, deleted } = gc
  const repository = { pid, rid }
  const left = await sweepRepository(context, repository, async (digest) => {
    const reason = 'its repository was deleted'
    const what = { kind: 'manifest', ...repository, digest, reason } as const
    await removeManifest(context, repository, digest, { others: [await logLine(gc, what)] })
    deleted(what)
  })
  if (left === 'done') return 'done'
  const { store } = context
  // A push that holds it and died is undone by its review: until then there is nothing to do but look now and then.
  const wait = left === 'held' ? Math.min(A_WHILE_MS, timesOf(store).intentReview) : 0
  return { again: store.clock.now() + wait }
}
