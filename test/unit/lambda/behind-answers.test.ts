import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { behindAnswers } from '../../../functions/lambda/behind-answers.ts'
import { registerExtension } from '../../../functions/lambda/extension.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

type Next = { readonly response: ServerResponse; readonly identifier: unknown }

/** Lambda's side of the Extensions API, as its Developer Guide has it. */
const startRuntimeApi = async (isWilling = true) => {
  const asked: Next[] = []
  const registered: unknown[] = []
  const register = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    registered.push([request.headers['lambda-extension-name'], Buffer.concat(chunks).toString()])
    response.writeHead(isWilling ? 200 : 403, { 'Lambda-Extension-Identifier': 'id-1' }).end('{}')
  }
  const server = createServer((request, response) => {
    if (request.url === '/2020-01-01/extension/register') void register(request, response)
    else asked.push({ response, identifier: request.headers['lambda-extension-identifier'] })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    api: `127.0.0.1:${port}`,
    registered,
    asked,
    /** How often the extension has said that it is ready for the next invocation. */
    readiness: () => asked.length,
    invoke: () => {
      asked.at(-1)?.response.end(JSON.stringify({ eventType: 'INVOKE' }))
    },
  }
}

const onLost = (): void => undefined

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await sleep(1)
}

describe('what is done behind answers', () => {
  it('keeps no client waiting, and Lambda until it is done', async () => {
    const lambda = await startRuntimeApi()
    const done: string[] = []
    let finish = (): void => undefined
    const work = async (): Promise<void> => {
      await new Promise<void>((resolve) => (finish = resolve))
      done.push('work')
    }
    const handler = behindAnswers(
      (name: string) => Promise.resolve(`answer to ${name}`),
      { work, onError: (error) => done.push(String(error)), onLost },
      await registerExtension(lambda.api),
    )
    expect(lambda.registered).toEqual([['roadstead', '{"events":["INVOKE"]}']])
    await until(() => lambda.readiness() === 1)
    expect(lambda.asked[0]?.identifier).toBe('id-1')
    for (const [index, name] of ['a', 'b'].entries()) {
      lambda.invoke()
      expect(await handler(name)).toBe(`answer to ${name}`)
      expect(done).toHaveLength(index)
      await sleep(20)
      expect(lambda.readiness()).toBe(index + 1)
      finish()
      await until(() => lambda.readiness() === index + 2)
      expect(done).toHaveLength(index + 1)
    }
  })

  it('waits for the answer, whoever hears of the invocation first', async () => {
    const lambda = await startRuntimeApi()
    const order: string[] = []
    const handler = behindAnswers(
      async () => {
        await sleep(20)
        order.push('answer')
      },
      {
        work: () => {
          order.push('work')
          return Promise.resolve()
        },
        onError: (error) => order.push(String(error)),
        onLost,
      },
      await registerExtension(lambda.api),
    )
    await until(() => lambda.readiness() === 1)
    lambda.invoke()
    await handler()
    await until(() => lambda.readiness() === 2)
    const second = handler()
    await second
    lambda.invoke()
    await until(() => lambda.readiness() === 3)
    expect(order).toEqual(['answer', 'work', 'answer', 'work'])
  })

  it('lets Lambda go on when it fails, or when the handler does', async () => {
    const lambda = await startRuntimeApi()
    const errors: unknown[] = []
    const handler = behindAnswers(
      () => Promise.reject(new Error('the handler')),
      {
        work: () => Promise.reject(new Error('the work')),
        onError: (error) => errors.push(error),
        onLost,
      },
      await registerExtension(lambda.api),
    )
    await until(() => lambda.readiness() === 1)
    lambda.invoke()
    await expect(handler()).rejects.toThrow('the handler')
    await until(() => lambda.readiness() === 2)
    expect(errors).toEqual([new Error('the work')])
  })

  it('comes before the answer where there is no extension, and never spoils it', async () => {
    const order: unknown[] = []
    const handler = behindAnswers(
      () => Promise.resolve('answer'),
      {
        work: () => {
          order.push('work')
          return Promise.reject(new Error('broken'))
        },
        onError: (error) => order.push(error),
        onLost,
      },
      undefined,
    )
    expect(await handler()).toBe('answer')
    expect(order).toEqual(['work', new Error('broken')])
  })

  it('ends the process when Lambda cannot be asked any more', async () => {
    const lambda = await startRuntimeApi()
    const extension = await registerExtension(lambda.api)
    const errors: unknown[] = []
    const lost = new Promise<void>((resolve) => {
      const work = (): Promise<void> => Promise.resolve()
      const onError = (error: unknown): void => void errors.push(error)
      behindAnswers(work, { work, onError, onLost: resolve }, extension)
    })
    await until(() => lambda.readiness() === 1)
    lambda.asked[0]?.response.destroy()
    await lost
    expect(errors).toHaveLength(1)
  })

  it('has no extension where Lambda wants none', async () => {
    const lambda = await startRuntimeApi(false)
    await expect(registerExtension(lambda.api)).rejects.toThrow('403')
  })
})
