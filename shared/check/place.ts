import * as z from 'zod'
import type { Audited, Counts, Place } from './audit.ts'

const counts = z.object({
  ...{ items: z.number(), objects: z.number() },
  ...{ lost: z.number(), broken: z.number(), leaked: z.number() },
})
const place = z.union([
  z.object({
    in: z.literal('table'),
    after: z.object({ pk: z.string(), sk: z.string() }).optional(),
  }),
  z.object({
    in: z.enum(['objects', 'tails']),
    share: z.number().optional(),
    after: z.string().optional(),
  }),
])
const progress = z.object({ place, counts })

/** Where an audit stands, as its run keeps it. */
export const progressOf = ({ counts: so, place: at }: Audited): string =>
  JSON.stringify({ counts: so, place: at })

export const parseProgress = (text: string): { readonly counts: Counts; readonly place: Place } =>
  progress.parse(JSON.parse(text))
