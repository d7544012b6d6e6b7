import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certify } from '../support/certificate.ts'
import { startDockerd } from '../support/dockerd.ts'
import { run } from '../support/run.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.ts'
import { provideWorkspace } from '../support/workspace.ts'

const workspace = provideWorkspace()
const PASSWORD = 'Correct-1-horse'

type Login = (host: string, name: string, password: string) => readonly string[]

/** How each client logs in; `plain` is what it must be told where there is no TLS. */
const CLIENTS: Readonly<
  Record<string, { readonly plain: readonly string[]; readonly login: Login }>
> = {
  podman: {
    plain: ['--tls-verify=false'],
    login: (host, name, password) => ['login', '-u', name, '-p', password, host],
  },
  skopeo: {
    plain: ['--tls-verify=false'],
    login: (host, name, password) => ['login', '-u', name, '-p', password, host],
  },
  buildah: {
    plain: ['--tls-verify=false'],
    login: (host, name, password) => ['login', '-u', name, '-p', password, host],
  },
  helm: {
    plain: ['--plain-http'],
    login: (host, name, password) => ['registry', 'login', '-u', name, '-p', password, host],
  },
  oras: {
    plain: ['--plain-http'],
    login: (host, name, password) => ['login', '-u', name, '-p', password, host],
  },
}

describe.each(['http', 'https'])('over %s', (scheme) => {
  let server: RunningServer
  let files: TemporaryDirectory
  let cert: string
  beforeAll(async () => {
    files = await temporaryDirectory('login')
    const pair = await certify(files.path)
    ;({ cert } = pair)
    server = await startServer({
      adminPassword: PASSWORD,
      ...(scheme === 'https'
        ? {
            args: ['--tls-cert', pair.cert, '--tls-key', pair.key],
            ca: await readFile(cert, 'utf8'),
          }
        : {}),
    })
  })
  afterAll(async () => {
    await server.stop()
    await files.remove()
  })

  const environment = () => ({ ...workspace().env, SSL_CERT_FILE: cert })

  test.each(Object.entries(CLIENTS))(
    '%s logs in, and not with a wrong password',
    async (program, { login, plain }) => {
      const flags = scheme === 'http' ? plain : []
      const attempt = async (password: string) =>
        await run(program, [...login(server.host, 'admin', password), ...flags], environment())
      await expect(attempt('Wrong-1-horse')).rejects.toThrow(/401|[Uu]nauthorized|credentials/)
      await attempt(PASSWORD)
    },
  )

  test('docker logs in, and not with a wrong password', async () => {
    const daemon = await startDockerd(workspace(), 'daemon')
    const attempt = async (password: string) =>
      await daemon.docker('login', '--username', 'admin', '--password', password, server.host)
    try {
      await expect(attempt('Wrong-1-horse')).rejects.toThrow(/[Uu]nauthorized/)
      expect(await attempt(PASSWORD)).toContain('Login Succeeded')
      // What docker keeps is a refresh token, not the password.
      const kept = await readFile(
        join(workspace().env['DOCKER_CONFIG'] ?? '', 'config.json'),
        'utf8',
      )
      expect(kept).not.toContain(Buffer.from(`admin:${PASSWORD}`).toString('base64'))
      await expect(daemon.docker('pull', `${server.host}/library/none`)).rejects.toThrow(
        /not found|unknown/,
      )
    } finally {
      await daemon.stop()
    }
  })

  test('crane and regctl log in, which they try out only when they ask for something', async () => {
    const env = environment()
    const insecure = scheme === 'http' ? ['--insecure'] : []
    const crane = async (...args: readonly string[]) =>
      await run('crane', [...args, ...insecure], env)
    const list = async () => await crane('catalog', server.host)
    await expect(list()).rejects.toThrow(/401|UNAUTHORIZED/)
    await crane('auth', 'login', server.host, '-u', 'admin', '-p', PASSWORD)
    expect(await list()).toBe('')

    const tls = scheme === 'http' ? ['--tls', 'disabled'] : []
    const regctl = async (...args: readonly string[]) => await run('regctl', args, env)
    await regctl('registry', 'set', server.host, ...tls, '--skip-check')
    const login = ['registry', 'login', server.host, '-u', 'admin', '-p']
    await expect(regctl(...login, 'Wrong-1-horse')).rejects.toThrow()
    await regctl(...login, PASSWORD)
  })
})
