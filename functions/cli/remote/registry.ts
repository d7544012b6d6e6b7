import * as z from 'zod'
import { CliError, sentence } from '../client.ts'
import type { Authorizer } from './authorizer.ts'
import { isTemporary, retryAfter, Temporary, withRetries } from './backoff.ts'

export type Ask = {
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly contentType?: string
  /** Statuses that are answers, beside those from 200 to 299. */
  readonly expected?: readonly number[]
}

/** The distribution API of one registry, as somebody asks it. */
export type Remote = {
  readonly url: string
  readonly signal: AbortSignal
  /**
   * Asks until there is an answer: with new credentials when they are asked for, and again when it may help.
   * @throws CliError that says why not; RefusedError for a refusal of the registry
   */
  readonly ask: (method: string, path: string, ask?: Ask) => Promise<Response>
}

/** The registry says no. */
export class RefusedError extends CliError {
  readonly status: number
  readonly code: string
  readonly detail: unknown
  /** As it was answered. */
  readonly body: string
  readonly challenge: string | null

  constructor(message: string, answer: Omit<RefusedError, keyof Error>) {
    super(message)
    this.status = answer.status
    this.code = answer.code
    this.detail = answer.detail
    this.body = answer.body
    this.challenge = answer.challenge
  }
}

const refusal = z.object({
  errors: z.array(z.object({ code: z.string(), detail: z.unknown().optional() })).min(1),
})

export const createRemote = (url: string, authorizer: Authorizer, signal: AbortSignal): Remote => {
  const once = async (method: string, path: string, ask: Ask): Promise<Response> => {
    const target = new URL(path, url)
    // A Location may lead anywhere; credentials may not.
    if (target.origin !== new URL(url).origin) {
      throw new CliError(`${url} leads to ${target.origin}, which is another registry`)
    }
    const send = async (): Promise<Response> => {
      const authorization = authorizer.header()
      try {
        return await fetch(target, {
          method,
          redirect: 'manual',
          signal,
          headers: {
            ...(authorization === undefined ? {} : { Authorization: authorization }),
            ...(ask.contentType === undefined ? {} : { 'Content-Type': ask.contentType }),
          },
          ...(ask.body === undefined ? {} : { body: ask.body }),
        })
      } catch (error) {
        signal.throwIfAborted()
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new Temporary(`cannot reach ${new URL(url).origin}: ${why}`, { cause: error })
      }
    }
    let response = await send()
    if (response.status === 401) {
      const challenge = response.headers.get('WWW-Authenticate')
      if (await authorizer.renew(challenge)) {
        await response.body?.cancel()
        response = await send()
      }
    }
    const { status } = response
    if (response.ok || ask.expected?.includes(status) === true) return response
    if (isTemporary(status)) {
      const waitMs = retryAfter(response.headers.get('Retry-After'))
      throw new Temporary(await sentence(response), { waitMs })
    }
    throw await refused(response)
  }

  return {
    url,
    signal,
    ask: async (method, path, ask = {}) => {
      try {
        return await withRetries(signal, async () => await once(method, path, ask))
      } catch (error) {
        if (error instanceof Temporary) throw new CliError(error.message, { cause: error })
        throw error
      }
    },
  }
}

const refused = async (response: Response): Promise<RefusedError> => {
  const body = await response.clone().text()
  const parsed = refusal.safeParse(parseJson(body))
  const [first] = parsed.success ? parsed.data.errors : []
  return new RefusedError(await sentence(response), {
    status: response.status,
    code: first?.code ?? '',
    detail: first?.detail,
    body,
    challenge: response.headers.get('WWW-Authenticate'),
  })
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
