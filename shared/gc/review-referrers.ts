import { digestOfReferrer } from '../registry/referrers/referrers.ts'
import { getItem, pages } from '../store/query.ts'
import { key, prefix } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { collectLogged } from './review-manifest.ts'

/** Collects what was about a manifest that is gone, unless a tag or an index holds it or its subject came back. */
export const reviewReferrers: Handler<TaskOf<'REFERRERS_REVIEW'>> = async (gc, task) => {
  const { store } = gc.context
  const { digest: subject, pid, rid } = task
  const subjectKey = key.manifest(rid, subject)
  if ((await getItem(store, subjectKey, 'strong')) !== undefined) return 'done'
  const query = { pk: subjectKey.pk, sk: { prefix: prefix.referrers }, read: 'strong' } as const
  for await (const items of pages(store, { ...query, keysOnly: true })) {
    for (const { sk } of items) {
      await collectLogged(gc, { pid, rid }, digestOfReferrer(sk), subject)
    }
  }
  return 'done'
}
