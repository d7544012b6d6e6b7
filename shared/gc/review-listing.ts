import { unpackDigests } from '../registry/manifests/children.ts'
import { relistAll } from '../registry/manifests/relist.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Lists a manifest where it belongs, and with an index what it holds. */
export const reviewListing: Handler<TaskOf<'LISTING_REVIEW'>> = async ({ context }, task) => {
  const { digest, parts } = task
  const others = parts === undefined ? [] : unpackDigests(parts)
  await relistAll(context.store, task, [digest, ...others])
  return 'done'
}
