import * as z from 'zod'

/** Where the registry is, and who asks it. */
export type Account = { readonly url: string; readonly name: string; readonly secret: string }

/** What went wrong, in one sentence for a person. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type Client = {
  /** The answer's JSON, held to a schema. */
  readonly get: <S extends z.ZodType>(path: string, schema: S) => Promise<z.output<S>>
  /** Every entry of a list, page by page. */
  readonly list: <S extends z.ZodType>(path: string, schema: S) => Promise<z.output<S>[]>
  /** The body as it comes; for what is too long to be held in memory. */
  readonly stream: (path: string) => Promise<ReadableStream<Uint8Array>>
  readonly send: (method: Method, path: string, body?: unknown) => Promise<void>
  /** As `send`, for what makes something; answers the last part of the URL that it has from now on. */
  readonly create: (path: string, body: unknown) => Promise<string>
  /** As `send`, for the answer's JSON. */
  readonly exchange: <S extends z.ZodType>(
    method: Method,
    path: string,
    body: unknown,
    schema: S,
  ) => Promise<z.output<S>>
}

const PAGE_SIZE = 100
const errorBody = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) })

/** The management API as commands use it; a refusal becomes a sentence. */
export const createClient = ({ name, secret, url }: Account): Client => {
  const authorization = `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`

  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await reach(`${url}/api/v2.0${path}`, {
      method,
      headers: {
        Authorization: authorization,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    throw new CliError(await sentence(response))
  }

  const get: Client['get'] = async (path, schema) =>
    schema.parse(await (await ask('GET', path)).json())

  return {
    get,
    list: async (path, schema) => {
      const all: z.output<typeof schema>[] = []
      for (let page = 1; ; page += 1) {
        const separator = path.includes('?') ? '&' : '?'
        const entries = await get(
          `${path}${separator}page=${page}&page_size=${PAGE_SIZE}`,
          z.array(schema),
        )
        all.push(...entries)
        if (entries.length < PAGE_SIZE) return all
      }
    },
    stream: async (path) => {
      const { body } = await ask('GET', path)
      if (body === null) throw new CliError('the registry answered nothing')
      return body
    },
    send: async (method, path, body) => {
      await (await ask(method, path, body)).body?.cancel()
    },
    create: async (path, body) => {
      const answer = await ask('POST', path, body)
      await answer.body?.cancel()
      return answer.headers.get('Location')?.split('/').at(-1) ?? ''
    },
    exchange: async (method, path, body, schema) => {
      const text = await (await ask(method, path, body)).text()
      return schema.parse(text === '' ? {} : JSON.parse(text))
    },
  }
}

const reach = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, init)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError(`cannot reach ${new URL(url).origin}: ${why}`, { cause: error })
  }
}

/** What a refusal says, for a person. */
export const sentence = async (response: Response): Promise<string> => {
  const text = await response.text()
  try {
    const [first] = errorBody.parse(JSON.parse(text)).errors
    if (first !== undefined) return `${first.message} (${response.status})`
  } catch {
    // Not one of ours: a proxy, or another server.
  }
  return `the registry answered ${response.status} ${response.statusText}`
}
