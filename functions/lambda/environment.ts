/** What the stack tells its functions; a deployment that forgot something fails at its first start, with its name. */
import * as z from 'zod'
import type { Distribution } from '../../shared/aws/distribution.ts'
import type { Kv, Secrets } from '../../shared/ports.ts'
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
  /** Of the distribution before the bucket, where there is one; with it come the next two. */
  BLOBS_URL: z.url().optional(),
  /** What the distribution calls the key by which URLs are signed. */
  BLOBS_KEY_ID: z.string().optional(),
  /** Holds its private key. */
  BLOBS_KEY_SECRET: z.string().optional(),
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

const keyOfBlobs = z.object({
  BLOBS_KEY_ID: z.string().min(1),
  BLOBS_KEY_SECRET: z.string().min(1),
})

/** What the adapters are told of the distribution, if there is one. */
export const distributionOf = (env: Front, secrets: Secrets): Distribution | undefined => {
  const { BLOBS_URL: url } = env
  if (url === undefined) return undefined
  const { BLOBS_KEY_ID: keyId, BLOBS_KEY_SECRET: secret } = keyOfBlobs.parse(env)
  const readPrivateKey = async (): Promise<string> => {
    const key = await secrets.read(secret)
    if (key === undefined) throw new Error('the secret with the key of the distribution is gone')
    return key
  }
  return { url, keyId, readPrivateKey }
}

const SECOND_MS = 1_000

/** What the domain needs, over a table. */
export const storeOf = ({ GC_GRACE_SECONDS: grace }: z.infer<typeof ports>, kv: Kv): Store => ({
  ...{ kv, clock: systemClock, ids: createRandomIds() },
  ...(grace !== undefined && { times: shortTimes(grace * SECOND_MS) }),
})
