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

/** The verb that logs in, and what the client must be told where there is no TLS. */
const CLIENTS = {
  podman: { verb: ['login'], plain: ['--tls-verify=false'] },
  skopeo: { verb: ['login'], plain: ['--tls-verify=false'] },
  buildah: { verb: ['login'], plain: ['--tls-verify=false'] },
  helm: { verb: ['registry', 'login'], plain: ['--plain-http'] },
  oras: { verb: ['login'], plain: ['--plain-http'] },
} as const

const REFUSED = /401|[Uu]nauthorized|invalid username\/password/

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
    async (program, { plain, verb }) => {
      const flags = scheme === 'http' ? plain : []
      const attempt = async (name: string, password: string) => {
        const args = [...verb, ...flags, '-u', name, '-p', password, server.host]
        return await run(program, args, environment())
      }
      // Another name each time: who fails too often is refused for a while.
      await expect(attempt(`no-${program}`, 'Wrong-1-horse')).rejects.toThrow(REFUSED)
      await attempt('admin', PASSWORD)
    },
  )

  test('docker logs in, and not with a wrong password', async () => {
    const daemon = await startDockerd(workspace(), 'daemon')
    const attempt = async (name: string, password: string) =>
      await daemon.docker('login', '--username', name, '--password', password, server.host)
    try {
      await expect(attempt('no-docker', 'Wrong-1-horse')).rejects.toThrow(REFUSED)
      expect(await attempt('admin', PASSWORD)).toContain('Login Succeeded')
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
    const login = async (name: string, password: string) =>
      await regctl('registry', 'login', server.host, '-u', name, '-p', password)
    await expect(login('no-regctl', 'Wrong-1-horse')).rejects.toThrow()
    await login('admin', PASSWORD)
  })
})
