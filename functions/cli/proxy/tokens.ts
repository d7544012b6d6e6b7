import * as z from 'zod'
import type { Authorizer } from '../remote/authorizer.ts'

/** How a client got a token: asked for again in the same way, it gets another one. */
export type TokenRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer<ArrayBuffer>
}

const MAX_KNOWN = 1_000
const answer = z.object({ token: z.string().optional(), access_token: z.string().optional() })

/**
 * Tokens live for five minutes and uploads for hours, so what clients asked the token service by is kept, in memory
 * only, for as long as this process lives.
 */
export const createKnownTokens = (registry: string) => {
  const known = new Map<string, TokenRequest>()

  const note = (text: string, request: TokenRequest): string | undefined => {
    const parsed = answer.safeParse(parseJson(text))
    const token = parsed.data?.token ?? parsed.data?.access_token
    if (token === undefined) return undefined
    const [oldest] = known.keys()
    if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest)
    known.set(token, request)
    return token
  }

  const renew = async (header: string | undefined): Promise<string | undefined> => {
    const token = /^bearer +(\S+)$/i.exec(header ?? '')?.[1]
    const request = token === undefined ? undefined : known.get(token)
    if (request === undefined) return undefined
    const { body, headers, method, path } = request
    const response = await fetch(new URL(path, registry), {
      ...{ method, headers, redirect: 'error' },
      ...(body.byteLength === 0 ? {} : { body }),
    })
    const text = await response.text()
    const fresh = response.ok ? note(text, request) : undefined
    return fresh && `Bearer ${fresh}`
  }

  return {
    /** Keeps what a token was got by. */
    note,
    /** The credentials that a client sent, and others of the same kind when those have expired. */
    passedOn: (header: string | undefined): Authorizer => {
      let current = header
      return {
        header: () => current,
        renew: async () => {
          const fresh = await renew(current)
          current = fresh ?? current
          return fresh !== undefined
        },
      }
    },
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
