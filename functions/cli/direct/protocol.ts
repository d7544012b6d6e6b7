/** What `functions/registry/routes/direct-uploads.ts` answers. */
import * as z from 'zod'

const request = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })
export type SignedRequest = z.infer<typeof request>

/** Also what a session is asked for again. */
export const standing = z.object({
  state: z.enum(['present', 'open', 'verifying', 'done', 'failed']),
  upload: z.string().optional(),
  put: request.optional(),
  partSize: z.number().optional(),
  parts: z.number().optional(),
  have: z.array(z.tuple([z.number(), z.number()])).optional(),
  verified: z.number().optional(),
})
export type Standing = z.infer<typeof standing>

export const signedParts = z.object({
  parts: z.array(request.extend({ number: z.number(), offset: z.number(), size: z.number() })),
})
export type SignedPart = z.infer<typeof signedParts>['parts'][number]

export const missingParts = z.object({ missing: z.array(z.number()) })
