import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { adminHashIn, REAL_COST } from '../support/admin-hash.ts'
import { imageJson } from '../support/app.ts'
import { digestOf } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { authorization } from '../support/credentials.ts'

const registry = provideRegistry()
const MAIN = join(import.meta.dirname, '..', '..', 'functions', 'cli', 'main.ts')

const OCTETS = 'application/octet-stream'
/** That no manifest ever holds. */
const LAYER = Buffer.from('left behind')

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'roadstead-cli-'))
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true })
})

type Said = { readonly code: number; readonly out: string; readonly err: string }

/** Runs the program with a home of its own; `input` comes by its standard input. */
const run = async (args: readonly string[], input = ''): Promise<Said> =>
  await new Promise((resolve) => {
    const env = { ...process.env, XDG_CONFIG_HOME: home }
    const child = execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
    child.stdin?.end(input)
  })

const ok = async (args: readonly string[], input?: string): Promise<string> => {
  const { code, err, out } = await run(args, input)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`)
  return out
}

const logIn = async (): Promise<void> => {
  const { login, url } = registry()
  await ok(['login', url, '--username', login.name, '--password-stdin'], `${login.password}\n`)
}

describe('roadstead', () => {
  it('helps with examples, and says in one line what is wrong', async () => {
    expect(await ok(['--help'])).toContain('Examples:')
    expect(await ok(['robot', 'create', '--help'])).toContain('PROJECT:RESOURCE:ACTION')
    for (const group of ['project', 'robot', 'user', 'quota', 'audit', 'gc', 'admin', 'login']) {
      expect(await ok([group, '--help'])).toMatch(new RegExp(`Examples?:\\n +roadstead ${group} `))
    }
    const unknown = await run(['projcet', 'list'])
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('unknown command')])
    const nobody = await run(['project', 'list'])
    expect(nobody).toEqual({
      ...{ code: 1, out: '' },
      err: 'roadstead: nobody is logged in; run: roadstead login URL --username NAME\n',
    })
    const bad = await run(['quota', 'set', 'team', 'much'])
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining('such as 10GiB')])
  })

  it('keeps a token for its owner alone, and revokes it on logout', async () => {
    const { login, url } = registry()
    const wrong = await run(
      ['login', url, '--username', 'nobody', '--password-stdin'],
      'Wrong-1-password',
    )
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('401')])
    await logIn()
    const file = join(home, 'roadstead', 'account.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const kept = await readFile(file, 'utf8')
    expect(kept).not.toContain(login.password)
    expect(await ok(['whoami'])).toBe(`admin at ${url} (administrator)\n`)
    const { name, secret } = z
      .object({ name: z.string(), secret: z.string() })
      .parse(JSON.parse(kept))
    await ok(['logout'])
    const headers = { Authorization: authorization({ name, password: secret }) }
    expect((await fetch(`${url}/api/v2.0/users/current`, { headers })).status).toBe(401)
    expect((await run(['whoami'])).code).toBe(1)
  })

  it('makes a project, a user in it, a quota, and takes them away', async () => {
    await logIn()
    const { password } = registry().login
    await ok(['project', 'create', 'team', '--quota', '10GiB'])
    expect(await ok(['project', 'list'])).toMatch(/^NAME .*\nlibrary .*public.*\nteam .*private/s)
    const again = await run(['project', 'create', 'team'])
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('409')])
    const listed = z.array(z.looseObject({ name: z.string() }))
    const projects = listed.parse(JSON.parse(await ok(['project', 'list', '--json'])))
    expect(projects.map(({ name }) => name)).toEqual(['library', 'team'])

    await ok(
      ['user', 'create', 'alice', '--email', 'alice@example.org', '--password-stdin'],
      'Correct-1\n',
    )
    await ok(['project', 'add-member', 'team', 'alice', '--role', 'developer'])
    expect(await ok(['project', 'members', 'team'])).toMatch(/alice +developer/)
    await ok(['project', 'remove-member', 'team', 'alice'])
    expect(await ok(['project', 'members', 'team'])).not.toContain('alice')
    await ok(['user', 'admin', 'alice'])
    await ok(['user', 'password', 'alice', '--password-stdin'], `${password}\nAnother-1\n`)
    expect(await ok(['user', 'list'])).toMatch(/alice +\d+ +alice@example.org +yes/)
    await ok(['user', 'delete', 'alice'])

    expect(await ok(['quota', 'list'])).toMatch(/team +0 B +10 GiB/)
    await ok(['quota', 'set', 'team', 'none'])
    expect(await ok(['quota', 'list'])).toMatch(/team +0 B +none/)
    await ok(['project', 'delete', 'team'])
    expect(await ok(['audit', 'list', '-n', '50'])).toMatch(
      /admin +127.0.0.1 +delete project +team/,
    )
    const exported = (await ok(['audit', 'export'])).trim().split('\n')
    expect(exported.length).toBeGreaterThan(5)
    for (const line of exported) expect(JSON.parse(line)).toHaveProperty('op_time')
  })

  it('collects garbage, and says before what would go', async () => {
    await logIn()
    expect(await ok(['gc', 'schedule'])).toContain('no run begins by a schedule')
    expect(await ok(['gc', 'schedule', '0 30 2 * * *', '--untagged'])).toMatch(
      /Custom \(0 30 2 \* \* \*\); the next at \d{4}-.*T02:30:00/,
    )
    expect(await run(['gc', 'schedule', 'sometimes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('cron has six fields') as string,
    })
    expect(await ok(['gc', 'schedule', 'none'])).toContain('no run begins by a schedule')

    await ok(['project', 'create', 'trash'])
    const { login, url } = registry()
    const pushed = await fetch(`${url}/v2/trash/app/blobs/uploads/?digest=${digestOf(LAYER)}`, {
      method: 'POST',
      headers: { Authorization: authorization(login), 'Content-Type': 'application/octet-stream' },
      body: LAYER,
    })
    expect(pushed.status).toBe(201)
    expect(await ok(['gc', 'dry-run'])).toMatch(/dry run \d+: Success; it would delete 0 manifests/)
    const csv = (await ok(['gc', 'dry-run', '--ignore-grace', '--csv'])).split('\r\n')
    expect(csv[0]).toBe('kind,digest,project,repository,size,reason,object')
    expect(csv).toContainEqual(expect.stringContaining(`blob,${digestOf(LAYER)},`))
    const json = (await ok(['gc', 'dry-run', '--ignore-grace', '--json'])).trim().split('\n')
    expect(json.length).toBe(csv.length - 2)
    for (const line of json) expect(JSON.parse(line)).toMatchObject({ foreseen: true })

    expect(await ok(['gc', 'run', '--workers', '2'])).toMatch(/^run \d+: Success; it deleted/)
    expect(await ok(['gc', 'status'])).toMatch(/^run \d+: Success/)
    expect(await ok(['gc', 'log'])).toContain('tasks were worked on')
    expect(await ok(['gc', 'list'])).toMatch(/manual +Success \(dry\)/)
    const detached = await ok(['gc', 'run', '--detach'])
    const [, number = ''] = /run (\d+) begins/.exec(detached) ?? []
    expect(await ok(['gc', 'stop', number])).toContain('stops within seconds')
    expect(await run(['gc', 'run', '--workers', '11'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('workers') as string,
    })
  })

  it('brings back what was deleted, and says what can be', async () => {
    await logIn()
    await ok(['project', 'create', 'regret'])
    const { login, url } = registry()
    const send = async (method: string, path: string, body?: string, type = '') =>
      await fetch(`${url}/v2/regret/deep/app/${path}`, {
        ...{ method, headers: { Authorization: authorization(login), 'Content-Type': type } },
        ...(body !== undefined && { body }),
      })
    for (const content of ['{}', 'wanted']) {
      const digest = digestOf(Buffer.from(content))
      const sent = await send('POST', `blobs/uploads/?digest=${digest}`, content, OCTETS)
      expect(sent.status).toBe(201)
    }
    const json = imageJson('{}', ['wanted'])
    const digest = digestOf(Buffer.from(json))
    const type = 'application/vnd.oci.image.manifest.v1+json'
    expect((await send('PUT', 'manifests/v1', json, type)).status).toBe(201)
    expect((await send('DELETE', `manifests/${digest}`)).status).toBe(202)

    expect(await ok(['trash', 'list', 'regret/deep/app'])).toMatch(
      new RegExp(`^DELETED .*\\n.*artifact +${digest} .*`, 's'),
    )
    const entries = JSON.parse(await ok(['trash', 'list', 'regret/deep/app', '--json'])) as unknown
    expect(entries).toHaveLength(2)
    const second = await ok(['trash', 'list', 'regret/deep/app', '-n', '1', '-p', '2', '--json'])
    expect(JSON.parse(second)).toHaveLength(1)
    expect(await ok(['undelete', '--help'])).toContain('Examples:')
    expect(await ok(['undelete', 'regret/deep/app:v1', '--tag', 'v2'])).toBe(
      `regret/deep/app@${digest} is back: v1, v2\n`,
    )
    expect((await send('GET', 'manifests/v2')).status).toBe(200)
    const again = await ok(['undelete', `regret/deep/app@${digest}`, '--json'])
    expect(JSON.parse(again)).toEqual({ digest, tags: [], restored: [] })
    for (const [image, why] of [
      ['regret/deep/app', 'names nothing'],
      ['regret/deep/app@sha256:1', 'digest'],
      ['regret/deep/app:never', 'is not in the trash'],
    ] as const) {
      expect(await run(['undelete', image])).toMatchObject({
        code: 1,
        err: expect.stringContaining(why) as string,
      })
    }
  })

  it('makes a robot over several projects and lets it do more by the same secret', async () => {
    await logIn()
    for (const name of ['one', 'two']) await ok(['project', 'create', name])
    const made = await ok(['robot', 'create', 'ci', '-p', 'one:repository:pull'])
    const [, secret = ''] = /shown this once: (\S+)/.exec(made) ?? []
    expect(secret).toHaveLength(32)
    await ok(['robot', 'grant', 'ci', '-p', 'two:repository:push', '-p', 'two:repository:pull'])
    expect(await ok(['robot', 'list'])).toContain(
      'one:repository:pull two:repository:push two:repository:pull',
    )
    const scope = 'repository:two/app:pull,push'
    const { url } = registry()
    const answer = await fetch(`${url}/service/token?service=roadstead&scope=${scope}`, {
      headers: { Authorization: authorization({ name: 'robot$ci', password: secret }) },
    })
    expect(await answer.json()).toMatchObject({ scope })
    await ok(['robot', 'revoke', 'ci', '-p', 'two:repository:push'])
    await ok(['robot', 'disable', 'ci'])
    expect(await ok(['robot', 'list'])).toMatch(/robot\$ci +\d+ +disabled/)
    await ok(['robot', 'enable', 'ci'])
    await ok(['robot', 'secret', 'ci', '--secret-stdin'], 'Chosen-1-secret\n')
    await ok(['robot', 'delete', 'ci'])

    // For some repositories, and it stays so whatever is done to it besides.
    const narrow = 'one/app/*:repository:push'
    await ok(['robot', 'create', 'narrow', '--project', 'one', '-p', narrow])
    expect(await ok(['robot', 'list'])).not.toContain('narrow')
    for (const verb of ['disable', 'enable']) await ok(['robot', verb, 'one+narrow'])
    await ok(['robot', 'grant', 'one+narrow', '-p', 'one:tag:list'])
    expect(await ok(['robot', 'list', '--project', 'one'])).toMatch(
      /robot\$one\+narrow +\d+ +enabled .* one\/app\/\*:repository:push one:tag:list/,
    )
    await ok(['robot', 'delete', 'robot$one+narrow'])
  })
})

describe('roadstead admin reset-password', () => {
  it('gives the administrator another password, while no server has the data', async () => {
    const { path, remove } = await temporaryDirectory('reset')
    const data = join(path, 'data')
    try {
      const first = await startServer({ data, adminPassword: 'Forgotten-1' })
      const reset = ['admin', 'reset-password', '--data', data, '--password-stdin']
      const busy = await run(reset, 'Found-again-1')
      expect([busy.code, busy.err.split('\n').length]).toEqual([1, 2])
      await first.stop()
      const weak = await run(reset, 'weak')
      expect([weak.code, weak.err.split('\n').length]).toEqual([1, 2])
      expect(await ok(reset, 'Found-again-1')).toBe('admin has another password\n')
      expect(await adminHashIn(data)).toMatch(REAL_COST)
      const second = await startServer({ data, adminPassword: 'Forgotten-1' })
      const status = async (password: string) =>
        (
          await fetch(`${second.url}/v2/`, {
            headers: { Authorization: authorization({ name: 'admin', password }) },
          })
        ).status
      expect([await status('Forgotten-1'), await status('Found-again-1')]).toEqual([401, 200])
      await second.stop()
    } finally {
      await remove()
    }
  })
})
