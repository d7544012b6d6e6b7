import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import { writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { adminHashIn, REAL_COST } from '../support/admin-hash.ts'
import { eventually } from '../support/eventually.ts'
import { authorization } from '../support/credentials.ts'
import { startServer, type RunningServer, type ServerOptions } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'functions', 'server', 'main.ts')
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const server = async (options: ServerOptions = {}): Promise<RunningServer> => {
  const running = await startServer(options)
  cleanups.push(running.stop)
  return running
}

const directory = async (): Promise<string> => {
  const { path, remove } = await temporaryDirectory('server')
  cleanups.push(remove)
  return path
}

/** Runs the program to its end; answers its exit code and everything it wrote. */
const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (output += text.toString()))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

describe('a start that cannot be', () => {
  it.each([
    [
      'an address that everybody reaches, open to everybody',
      ['--listen', '0.0.0.0:5000', '--access', 'open'],
      /loopback/,
    ],
    ['an address that is none', ['--listen', 'here'], /HOST:PORT/],
    ['an unknown option', ['--lisen', '127.0.0.1:0'], /--help/],
    ['a certificate without a key', ['--tls-cert', 'cert.pem'], /together/],
  ])('ends with one line and exit code 1: %s', async (_what, args, sentence) => {
    const { code, output } = await run(args)
    expect(code).toBe(1)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(output).toMatch(sentence)
  })

  it('ends with one line for an administrator with a weak password', async () => {
    const args = ['--listen', '127.0.0.1:0', '--data', await directory()]
    const { code, output } = await run(args, { ROADSTEAD_ADMIN_PASSWORD: 'weak' })
    expect([code, output.trim().split('\n').length]).toEqual([1, 1])
    expect(output).toMatch(/ROADSTEAD_ADMIN_PASSWORD/)
  })

  it('ends with one line when the port is in use', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    cleanups.push(async () => {
      await new Promise((resolve) => other.close(resolve))
    })
    const { port } = other.address() as AddressInfo
    const { code, output } = await run([
      '--listen',
      `127.0.0.1:${port}`,
      '--data',
      await directory(),
    ])
    expect([code, output.trim().split('\n').length]).toEqual([1, 1])
    expect(output).toMatch(/in use/)
  })

  it('ends with one line when another server has the data directory, or it is of a newer version', async () => {
    const first = await server()
    const taken = await run(['--listen', '127.0.0.1:0', '--data', first.data])
    expect([taken.code, taken.output.trim().split('\n').length]).toEqual([1, 1])
    expect(taken.output).toContain(String(first.process.pid))
    const data = join(await directory(), 'newer')
    await mkdir(data)
    await writeFile(join(data, 'VERSION'), '{"format":99}\n')
    const newer = await run(['--listen', '127.0.0.1:0', '--data', data])
    expect([newer.code, newer.output.trim().split('\n').length]).toEqual([1, 1])
    expect(newer.output).toMatch(/newer/)
  })
})

describe('help', () => {
  it('names every option and ends well', async () => {
    const { code, output } = await run(['--help'])
    expect(code).toBe(0)
    for (const option of ['--listen', '--data', '--tls-cert', 'ROADSTEAD_LISTEN', 'LOG_LEVEL']) {
      expect(output).toContain(option)
    }
  })
})

describe('a running server', () => {
  it('says in at most six lines where it is, where the data is and what to push', async () => {
    const { log, url, data, host } = await server()
    const lines = log()
    expect(lines.length).toBeLessThanOrEqual(6)
    expect(lines.join('\n')).toContain(url)
    expect(lines.join('\n')).toContain(data)
    expect(lines.join('\n')).toContain(`docker push ${host}/`)
  })

  it('lets nobody in until they log in, with the password that the first start shows once', async () => {
    const env = { ROADSTEAD_ACCESS: 'login', ROADSTEAD_CREATE_PROJECTS_ON_PUSH: 'false' }
    const data = await directory()
    const first = await server({ data, env })
    const [, password = ''] = /password (\S+) \(shown/.exec(first.log().join('\n')) ?? []
    expect(first.log().length).toBeLessThanOrEqual(6)
    await first.stop()
    const { url, log } = await server({ data, env })
    expect(log().join('\n')).not.toMatch(/password/)
    const Authorization = authorization({ name: 'admin', password })
    expect((await fetch(`${url}/v2/`)).status).toBe(401)
    expect((await fetch(`${url}/v2/`, { headers: { Authorization } })).status).toBe(200)
    const push = async (name: string) =>
      await fetch(`${url}/v2/${name}/blobs/uploads/`, {
        method: 'POST',
        headers: { Authorization },
      })
    expect((await push('library/a')).status).toBe(202)
    const missing = await push('missing/a')
    expect(missing.status).toBe(404)
    expect(await missing.text()).toContain('project missing does not exist')
  })

  it('makes the administrator with a password that costs what passwords cost', async () => {
    const data = await directory()
    const { stop } = await startServer({ data, adminPassword: 'Admin-secret-1' })
    await stop()
    expect(await adminHashIn(data)).toMatch(REAL_COST)
  })

  it('names the token service by the URL that clients reach it by', async () => {
    const { url } = await server({
      args: ['--external-url', 'https://registry.example.org/'],
      adminPassword: 'Known1234',
    })
    const answer = await fetch(`${url}/v2/`)
    expect(answer.headers.get('WWW-Authenticate')).toContain(
      'realm="https://registry.example.org/service/token"',
    )
  })

  it('writes a line of JSON for each request, without what a query may hold', async () => {
    const { url, log } = await server()
    await fetch(`${url}/v2/p/a/tags/list?n=1&token=secret`)
    const line = await eventually('the request is logged', () =>
      log().find((text) => text.includes('/tags/list')),
    )
    expect(line).not.toContain('secret')
    expect(JSON.parse(line)).toMatchObject({
      method: 'GET',
      path: '/v2/p/a/tags/list',
      status: 404,
    })
  })

  it('is alive and ready, and takes its options from the environment', async () => {
    const { url } = await server({ env: { ROADSTEAD_CREATE_PROJECTS_ON_PUSH: 'false' } })
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await fetch(`${url}/v2/p/a/blobs/uploads/`, { method: 'POST' })).status).toBe(404)
  })
})

/** A request whose head is sent, and whose body is up to the caller. */
const openRequest = async ({ port }: RunningServer, head: string) => {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (text: Buffer) => (answer += text.toString()))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  socket.write(head)
  cleanups.push(async () => {
    socket.destroy()
    await closed
  })
  return { socket, answer: () => answer, closed }
}

const startUpload = async ({ url }: RunningServer): Promise<string> => {
  const response = await fetch(`${url}/v2/p/a/blobs/uploads/`, { method: 'POST' })
  return response.headers.get('location') ?? ''
}

describe('a client that goes away in the middle of a body', () => {
  it('finds what did arrive when it comes back', async () => {
    const running = await server()
    const location = await startUpload(running)
    const head = `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`
    const { socket } = await openRequest(running, head)
    socket.write('abc')
    const status = async () => await fetch(`${running.url}${location}`)
    socket.end()
    socket.destroySoon()
    await eventually('the bytes are kept', async () => {
      const { headers } = await status()
      return headers.get('range') === '0-2' ? true : undefined
    })
  })
})

describe('a stop', () => {
  it('lets a request in flight finish, and takes no new ones', async () => {
    const running = await server()
    const location = await startUpload(running)
    const body = Buffer.from('abc')
    const head = `PUT ${location}?digest=${digestOf(body)} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n`
    const { socket, answer } = await openRequest(running, head)
    socket.write('a')
    running.process.kill('SIGTERM')
    await eventually('it says that it stops', () =>
      running.log().find((line) => line.includes('stopping')),
    )
    socket.write('bc')
    await eventually('the request is answered', () =>
      answer().includes('201 Created') ? true : undefined,
    )
    await once(running.process, 'close')
    expect(running.process.exitCode).toBe(0)
  })

  it('comes at once with a second signal', async () => {
    const running = await server()
    const location = await startUpload(running)
    await openRequest(running, `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n`)
    const closed = once(running.process, 'close')
    running.process.kill('SIGTERM')
    await eventually('it says that it stops', () =>
      running.log().find((line) => line.includes('stopping')),
    )
    running.process.kill('SIGTERM')
    await closed
    expect(running.process.exitCode).toBe(1)
  })
})

describe('blob reads that are redirected', () => {
  it('lead to a signed URL that serves the bytes and ranges of them, and nothing without its signature', async () => {
    const { url } = await server({ args: ['--redirect-blobs'] })
    const body = Buffer.from('0123456789')
    const digest = digestOf(body)
    await fetch(`${url}/v2/p/a/blobs/uploads/?digest=${digest}`, { method: 'POST', body })
    const path = `${url}/v2/p/a/blobs/${digest}`
    const redirect = await fetch(path, { redirect: 'manual' })
    const signed = new URL(redirect.headers.get('location') ?? '', url)
    expect(redirect.status).toBe(307)
    expect(await (await fetch(signed)).text()).toBe('0123456789')
    expect(await (await fetch(signed, { headers: { Range: 'bytes=2-4' } })).text()).toBe('234')
    expect((await fetch(path, { method: 'HEAD', redirect: 'manual' })).status).toBe(200)
    signed.searchParams.set('expires', '9999999999')
    expect((await fetch(signed)).status).toBe(403)
  })
})
