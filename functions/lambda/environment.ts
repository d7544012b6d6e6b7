/** What the stack tells its functions; a deployment that forgot something fails at its first start, with its name. */
import * as z from 'zod'
import type { Kv } from '../../shared/ports.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { shortTimes } from '../../shared/tasks/times.ts'

/** Of every function. */
export const ports = z.object({
  /** By Lambda itself. */
  AWS_REGION: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  BUCKET_NAME: z.string().min(1),
  /** Nothing is left alone longer than this, where that is not as usual. */
  GC_GRACE_SECONDS: z.coerce.number().min(1).optional(),
  /** Only where AWS is played by something else. */
  AWS_ENDPOINT_URL: z.url().optional(),
})

/** Of those that people and clients reach. */
export const front = ports.extend({
  /** Holds the password of the administrator whom the first login makes. */
  ADMIN_SECRET: z.string().min(1),
  CREATE_PROJECTS_ON_PUSH: z.stringbool(),
  ALLOW_SPARSE: z.stringbool(),
  /** By which clients reach the registry, where that is not the host of their requests. */
  EXTERNAL_URL: z.url().optional(),
  /** Of the relay for large layers, where there is one. */
  RELAY_URL: z.url().optional(),
  /** By Lambda itself. */
  AWS_LAMBDA_RUNTIME_API: z.string().min(1).optional(),
})

/** Of those that send messages. */
export const queueing = { QUEUE_URL: z.url() }

/** Of those that have garbage collected. */
export const collecting = { COLLECTION_ARN: z.string().min(1) }

export type Front = z.infer<typeof front>

/** By which the adapters find AWS. */
export const whereOf = ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
}: z.infer<typeof ports>) => (endpoint === undefined ? { region } : { region, endpoint })

const SECOND_MS = 1_000

/** What the domain needs, over a table. */
export const storeOf = ({ GC_GRACE_SECONDS: grace }: z.infer<typeof ports>, kv: Kv): Store => ({
  ...{ kv, clock: systemClock, ids: createRandomIds() },
  ...(grace !== undefined && { times: shortTimes(grace * SECOND_MS) }),
})
