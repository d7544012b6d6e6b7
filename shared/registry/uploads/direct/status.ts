import { bucketKey } from '../../../bucket.ts'
import type { StoredPart } from '../../../ports.ts'
import { retry } from '../../../store/retry.ts'
import type { RegistryContext } from '../../context.ts'
import { plannedPart } from './plan.ts'
import type { DirectUpload } from './session.ts'

/** Where a direct upload stands. */
export type Standing =
  | { readonly state: 'open'; readonly parts: readonly StoredPart[] }
  | { readonly state: 'verifying'; readonly verifiedBytes: number }
  | { readonly state: 'done' }
  /** `computed`: what the bytes are instead of what they were to be; absent: it was cancelled, or given up. */
  | { readonly state: 'failed'; readonly computed?: string | undefined }

export const standingOf = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<Standing> => {
  const { direct, offset, state } = upload
  if (state === 'OWN') return { state: 'done' }
  if (state === 'DOOM') return { state: 'failed', computed: direct.computed }
  if (direct.phase === 'verify') return { state: 'verifying', verifiedBytes: offset }
  return { state: 'open', parts: (await storedParts(context, upload)) ?? [] }
}

/** The parts that are there and have the size that they are to have. `undefined`: the store has no such upload. */
export const storedParts = async (
  { objects, store }: RegistryContext,
  { direct, multipartId, oid }: DirectUpload,
): Promise<readonly StoredPart[] | undefined> => {
  if (multipartId === undefined) return []
  const all: StoredPart[] = []
  let after: number | undefined
  for (;;) {
    const from = after
    const page = await retry(store, async () => {
      const found = await objects.multipart.parts(bucketKey.object(oid), multipartId, from)
      return found ?? 'unknown'
    })
    if (page === 'unknown') return undefined
    all.push(
      ...page.parts.filter(
        ({ number, sizeBytes }) => plannedPart(direct, number)?.sizeBytes === sizeBytes,
      ),
    )
    if (page.next === undefined) return all
    after = page.next
  }
}
