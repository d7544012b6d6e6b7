/**
 * Uploads whose bytes go straight from the client to the store. Not of the distribution specification: `_direct` can be
 * no part of a repository's name, so nothing of it is hidden. Errors are those of the specification.
 *
 * ```
 * GET    /v2/<name>/_direct                    200 {maxSingleBytes, maxParts}: whether one may push, and this way
 * POST   /v2/<name>/_direct                    {digest, size, way?: single|parts}
 *                                              200 {state: present}
 *                                              201 {state: open, upload, put}                  put the whole
 *                                              201 {state: open, upload, partSize, parts, have}  ask for parts
 *                                              201 {state: verifying, ...}                     one that was left
 * GET    /v2/<name>/_direct/<upload>           200 {state: open, have} | {state: verifying, verified, size}
 *                                                | {state: done} | {state: failed, computed?}
 * POST   /v2/<name>/_direct/<upload>/parts     {numbers}   200 {parts: [{number, offset, size, url, headers}]}
 * POST   /v2/<name>/_direct/<upload>/finish    201 as for any upload | 202 {state: verifying, verified, size}: again
 * DELETE /v2/<name>/_direct/<upload>           204
 * ```
 *
 * `have` are the numbers of the parts that are there, as pairs of first and last. A URL is good for an hour; whoever is
 * slower asks for another one. What is put is `PUT url` with exactly these headers.
 */
import type { Context } from 'hono'
import * as z from 'zod'
import { parseDigest, type Digest } from '../../../shared/oci/digest.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { MAX_PART_NUMBER, MAX_PUT_BYTES, type StoredPart } from '../../../shared/ports.ts'
import { beginDirectUpload } from '../../../shared/registry/uploads/direct/begin.ts'
import { finishDirectUpload } from '../../../shared/registry/uploads/direct/finish.ts'
import { partCount } from '../../../shared/registry/uploads/direct/plan.ts'
import {
  findDirectUpload,
  readDirectUpload,
} from '../../../shared/registry/uploads/direct/session.ts'
import type { DirectUpload } from '../../../shared/registry/uploads/direct/session.ts'
import { signParts } from '../../../shared/registry/uploads/direct/sign.ts'
import { standingOf } from '../../../shared/registry/uploads/direct/status.ts'
import { cancelUpload } from '../../../shared/registry/uploads/cancel.ts'
import { parseUploadId, uploadUnknown } from '../../../shared/registry/uploads/upload.ts'
import { can } from '../access.ts'
import { factory, type RegistryEnv } from '../factory.ts'
import { readJson } from '../http/body.ts'
import { CONTENT_DIGEST, location } from '../http/headers.ts'
import { repository } from '../middleware.ts'

const DIRECT = '/v2/:name{.+}/_direct'
const SESSION = `${DIRECT}/:upload`
const AGAIN = { 'Retry-After': '1' } as const

type RegistryContext = Context<RegistryEnv>

const begin = z.object({
  digest: z.string(),
  size: z.int().min(0),
  way: z.enum(['single', 'parts']).optional(),
})
const wantedParts = z.object({ numbers: z.array(z.int()) })

export const directUploads = factory
  .createApp()
  .on('GET', [DIRECT, `${DIRECT}/`], repository, can('push'), (c) =>
    c.json({ maxSingleBytes: MAX_PUT_BYTES, maxParts: MAX_PART_NUMBER }),
  )
  .on('POST', [DIRECT, `${DIRECT}/`], repository, can('push'), async (c) => {
    const { context } = c.var.deps
    const { digest, size: sizeBytes, way: wish } = await readJson(c, begin)
    const wanted = { digest: parseDigest(digest), sizeBytes, wish }
    const begun = await beginDirectUpload(context, c.var.repository, wanted)
    if (begun.kind === 'present') return c.json({ state: 'present' })
    const { put, upload } = begun
    return c.json({ upload: upload.oid, ...(await shown(c, upload)), ...(put && { put }) }, 201)
  })
  .get(SESSION, repository, can('push'), async (c) => c.json(await shown(c, await find(c))))
  .post(`${SESSION}/parts`, repository, can('push'), async (c) => {
    const { numbers } = await readJson(c, wantedParts)
    const parts = await signParts(c.var.deps.context, await find(c), numbers)
    return c.json({
      parts: parts.map(({ number, offset, request: { headers, url }, sizeBytes }) => ({
        ...{ number, offset, size: sizeBytes, url, headers },
      })),
    })
  })
  .post(`${SESSION}/finish`, repository, can('push'), async (c) => {
    const { context, verify } = c.var.deps
    const upload = await find(c)
    if ((await finishDirectUpload(context, upload)) === 'done') return done(c, upload.direct.digest)
    await verify(upload.oid)
    const now = await readDirectUpload(context, upload.oid)
    if (now.state === 'UP') return c.json(await shown(c, now), 202, AGAIN)
    await finishDirectUpload(context, now)
    return done(c, upload.direct.digest)
  })
  .delete(SESSION, repository, can('push'), async (c) => {
    const upload = await find(c)
    if (upload.state !== 'UP') throw uploadUnknown(upload.oid)
    await cancelUpload(c.var.deps.context, upload)
    return c.body(null, 204)
  })

const find = async (c: RegistryContext): Promise<DirectUpload> =>
  await findDirectUpload(
    c.var.deps.context,
    c.var.repository,
    parseUploadId(c.req.param('upload') ?? ''),
  )

const done = (c: RegistryContext, digest: Digest) =>
  c.body(null, 201, {
    Location: location.blob(c.var.repository, digest),
    [CONTENT_DIGEST]: digest,
  })

/** An upload as clients see it. */
const shown = async (c: RegistryContext, upload: DirectUpload) => {
  const { direct } = upload
  const standing = await standingOf(c.var.deps.context, upload)
  switch (standing.state) {
    case 'open':
      return {
        state: standing.state,
        ...(direct.partBytes === undefined
          ? {}
          : {
              partSize: direct.partBytes,
              parts: partCount(direct),
              have: rangesOf(standing.parts),
            }),
      }
    case 'verifying':
      return { state: standing.state, verified: standing.verifiedBytes, size: direct.sizeBytes }
    case 'done':
    case 'failed':
      return standing
    default:
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', { cause: standing satisfies never })
  }
}

/** Ascending numbers as pairs of first and last. */
const rangesOf = (parts: readonly StoredPart[]): readonly (readonly [number, number])[] => {
  const ranges: [number, number][] = []
  for (const { number } of parts) {
    const last = ranges.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}
