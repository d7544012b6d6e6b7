/** What lies in the queue: JSON with a `kind`, and what that kind needs. */
import * as z from 'zod'
import type { Queue } from '../ports.ts'
import type { JobName, ObjectId } from '../table.ts'

const JOBS = [
  'auditPurge',
  'garbageCollection',
  'storageAudit',
] as const satisfies readonly JobName[]

const OBJECT_ID = /^[a-z2-7]{26}$/
const parseObjectId = (oid: string): ObjectId => oid as ObjectId

/**
 * The kinds of messages. A kind that comes to mean something else, or needs more, gets another name: a worker of an
 * older version then leaves it alone.
 */
const SCHEMAS = {
  /** A run of a job waits to be taken on. */
  wakeJob: z.strictObject({ job: z.enum(JOBS) }),
  /** The object of a direct upload is to be read through. */
  verifyUpload: z.strictObject({ oid: z.string().regex(OBJECT_ID).transform(parseObjectId) }),
}

export type Kind = keyof typeof SCHEMAS
export type MessageOf<K extends Kind> = z.infer<(typeof SCHEMAS)[K]>

const schemas: { readonly [K in Kind]: z.ZodType<MessageOf<K>> } = SCHEMAS
const isKind = (kind: string): kind is Kind => Object.hasOwn(SCHEMAS, kind)

const envelope = z.looseObject({ kind: z.string() })

/** Puts a message into the queue; it is worked on at least once, by any process of the registry. */
export const sendMessage = async <K extends Kind>(
  queue: Queue,
  kind: K,
  message: MessageOf<K>,
  options?: Parameters<Queue['send']>[1],
): Promise<void> => {
  await queue.send(JSON.stringify({ kind, ...message }), options)
}

/** What time the worker has left for a message. */
export type WorkContext = {
  /** The process is about to end, and so should the work: what is left is for another message. */
  readonly isEnding: () => boolean
}

/** What is done about each kind; it must bear that a message comes twice. */
export type Handlers = {
  readonly [K in Kind]: (message: MessageOf<K>, context: WorkContext) => Promise<void>
}

/** A message that this version knows nothing of, perhaps because a newer one sent it. */
export class UnknownMessageError extends Error {
  override readonly name = 'UnknownMessageError'
}

/**
 * Has a message worked on by whom its kind is for.
 * @throws UnknownMessageError, whatever the work throws
 */
export const dispatch = async (
  handlers: Handlers,
  text: string,
  context: WorkContext,
): Promise<void> => {
  const { kind, ...body } = envelopeOf(text)
  if (!isKind(kind)) throw new UnknownMessageError(`there is no kind of message called ${kind}`)
  await work(kind, body, handlers[kind], context)
}

const work = async <K extends Kind>(
  kind: K,
  body: unknown,
  handle: Handlers[K],
  context: WorkContext,
): Promise<void> => {
  const { data, error } = schemas[kind].safeParse(body)
  if (data === undefined) throw new UnknownMessageError(`a strange ${kind}`, { cause: error })
  await handle(data, context)
}

const envelopeOf = (text: string): z.infer<typeof envelope> => {
  try {
    return envelope.parse(JSON.parse(text))
  } catch (error) {
    throw new UnknownMessageError('a message without a kind', { cause: error })
  }
}
