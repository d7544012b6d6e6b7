import { request } from 'node:http'

/** Lambda's side of an extension: says when an invocation has come, and lets Lambda freeze the process. */
export type Extension = {
  /** Says that the work behind the last invocation is over; resolves when the next one has come. */
  readonly next: () => Promise<void>
}

const PATH = '/2020-01-01/extension'

/**
 * Makes this process an extension of its own function (Lambda Developer Guide, "Lambda Extensions API"; an internal one,
 * which may ask for nothing but INVOKE). An invocation is over for Lambda when the function has answered and every
 * extension has asked for the next: the client has the answer while the work behind it goes on.
 * @throws Error when Lambda does not want it
 */
export const registerExtension = async (runtimeApi: string): Promise<Extension> => {
  const registered = await send(runtimeApi, 'POST', `${PATH}/register`, {
    headers: { 'Lambda-Extension-Name': 'roadstead', 'Content-Type': 'application/json' },
    body: JSON.stringify({ events: ['INVOKE'] }),
  })
  const identifier = registered['lambda-extension-identifier']
  if (typeof identifier !== 'string') throw new Error('an extension was given no identifier')
  const headers = { 'Lambda-Extension-Identifier': identifier }
  return {
    next: async () => {
      await send(runtimeApi, 'GET', `${PATH}/event/next`, { headers })
    },
  }
}

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body?: string }

/** Without any timeout: the process may be frozen for hours between a question and its answer. */
const send = async (api: string, method: string, path: string, { body, headers }: Sent) =>
  await new Promise<NodeJS.Dict<string | string[]>>((resolve, reject) => {
    const sent = request(`http://${api}${path}`, { method, headers, agent: false }, (answer) => {
      answer.resume()
      answer.once('error', reject)
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve(answer.headers)
        else reject(new Error(`Lambda answers an extension ${answer.statusCode ?? ''}`))
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
