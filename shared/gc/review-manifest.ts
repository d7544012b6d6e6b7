import type { Digest } from '../oci/digest.ts'
import { collectManifest } from '../registry/manifests/delete.ts'
import { parseManifestRecord } from '../registry/manifests/items.ts'
import { relist } from '../registry/manifests/relist.ts'
import { isAbsent } from '../store/checks.ts'
import { getItem } from '../store/query.ts'
import { key, type RepositoryRef } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Gc, Handler } from './gc.ts'
import { logLine } from './log.ts'

/**
 * Lists a manifest where it belongs, and collects it when neither a tag nor an index holds it, if that is wanted and it was
 * so for long enough.
 */
export const reviewManifest: Handler<TaskOf<'MANIFEST_REVIEW'>> = async (gc, task, { dueAt }) => {
  const { store } = gc.context
  const { digest, pid, rid } = task
  const item = await relist(store, { pid, rid }, digest)
  if (item === undefined) return 'done'
  const { pushedAt, subject } = parseManifestRecord(item)
  // It lives with its subject, and is looked at when that goes.
  if (
    subject !== undefined &&
    (await getItem(store, key.manifest(rid, subject), 'strong')) !== undefined
  ) {
    return 'done'
  }
  const { deleteUntagged, untaggedGrace } = await gc.policyOf(pid)
  if (!deleteUntagged) return 'parked'
  const since = Math.max(pushedAt, task.since ?? dueAt)
  const wanted = since + untaggedGrace
  if (wanted > store.clock.now()) return { again: wanted, task: { ...task, since } }
  await collectLogged(gc, { pid, rid }, digest, subject)
  return 'done'
}

/**
 * Collects a manifest that neither a tag nor an index holds, with its line in the log; not when its subject is there,
 * which may come back at any moment.
 */
export const collectLogged = async (
  gc: Gc,
  repository: RepositoryRef,
  digest: Digest,
  subject: Digest | undefined,
): Promise<void> => {
  const reason = subject === undefined ? 'no tag and no index holds it' : 'its subject is gone'
  const what = { kind: 'manifest', ...repository, digest, reason } as const
  const line = await logLine(gc, what)
  const effects =
    subject === undefined ? [line] : [line, isAbsent(key.manifest(repository.rid, subject))]
  if ((await collectManifest(gc.context, repository, digest, effects)) === 'collected') {
    gc.deleted(what)
  }
}
