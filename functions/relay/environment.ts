import * as z from 'zod'
import { front, queueing } from '../lambda/environment.ts'

/** What the stack tells the relay: what it tells the functions, and where to listen. */
export const environment = front.extend({
  ...queueing,
  /** Where the load balancer, or whoever ends TLS, finds it. */
  LISTEN_HOST: z.string().min(1),
  LISTEN_PORT: z.coerce.number().int().min(0).max(65_535),
  /** By which clients reach it: what reaches it itself is not the request of the client. */
  EXTERNAL_URL: z.url(),
})
