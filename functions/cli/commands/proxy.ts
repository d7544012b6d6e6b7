import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { formatBytes } from '../../../shared/bytes.ts'
import { currentAccount, readAccount } from '../accounts.ts'
import { CliError, type Account } from '../client.ts'
import { print } from '../output.ts'
import { parseJobs } from '../parse.ts'
import { createProxy } from '../proxy/proxy.ts'
import { shortDigest } from '../push/progress.ts'
import { interruptible } from '../interrupt.ts'

const DEFAULT_LISTEN = '127.0.0.1:5001'
const DEFAULT_JOBS = 4

const EXAMPLES = `
Clients see a registry at the address of the proxy, and log in there as they would at the registry:
  roadstead proxy --registry https://registry.example.com
  docker login 127.0.0.1:5001
  docker tag app 127.0.0.1:5001/team/app:v1 && docker push 127.0.0.1:5001/team/app:v1

With --login a client that brings no credentials acts as whoever roadstead login has kept: everybody who
reaches the proxy does, so it listens on loopback addresses only then.`

type Options = {
  readonly listen: string
  readonly registry?: string
  readonly login?: boolean
  readonly jobs: number
  readonly spool?: string
}

const LISTEN = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1)$/

const parseListen = (text: string): { readonly host: string; readonly port: number } => {
  const [, v6, name, port] = LISTEN.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined || host === '') {
    throw new CliError(`--listen: expected HOST:PORT such as ${DEFAULT_LISTEN}, not ${text}`)
  }
  return { host, port: Number(port) }
}

const accountOf = ({ login }: Options, registry: URL, host: string): Account | undefined => {
  if (login !== true) return undefined
  if (!LOOPBACK.test(host)) {
    throw new CliError(
      '--login: everybody who reaches the proxy would act as you; listen on 127.0.0.1',
    )
  }
  const account = currentAccount()
  if (new URL(account.url).origin === registry.origin) return account
  throw new CliError(`--login: you are logged in to ${account.url}, not to ${registry.origin}`)
}

const registryOf = ({ registry = readAccount()?.url }: Options): URL => {
  if (registry === undefined) throw new CliError('which registry? give --registry URL, or log in')
  if (!URL.canParse(registry)) throw new CliError(`--registry: ${registry} is no URL`)
  return new URL(new URL(registry).origin)
}

/** proxy */
export const addProxy = (program: Command): void => {
  program
    .command('proxy')
    .summary('a local registry by which any client pushes layers of any size')
    .description(
      'Serves the registry on this machine: layers that docker, podman or crane push to it go straight to the store.',
    )
    .option('--listen <host:port>', 'where to serve; port 0 takes any free one', DEFAULT_LISTEN)
    .option('--registry <url>', 'the registry; by default the one that you are logged in to')
    .option('--login', 'requests without credentials are made as whoever is logged in')
    .option('-j, --jobs <number>', 'connections that carry layers', parseJobs, DEFAULT_JOBS)
    .option('--spool <dir>', 'where layers wait until their digest is known')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => {
      const { host, port } = parseListen(options.listen)
      const registry = registryOf(options)
      const account = accountOf(options, registry, host)
      const spool = await mkdtemp(join(options.spool ?? tmpdir(), 'roadstead-proxy-'))
      try {
        await interruptible('stopped', async (signal) => {
          const onPushed = (name: string, digest: string, sizeBytes: number): void => {
            print(`${name} ${shortDigest(digest)} ${formatBytes(sizeBytes)}`)
          }
          const { jobs } = options
          const listener = createProxy({ registry, spool, jobs, account, signal, onPushed })
          // Off: a large blob takes as long as it takes.
          const server = createServer({ requestTimeout: 0 }, listener)
          server.listen({ host, port })
          await once(server, 'listening').catch((error: unknown) => {
            const why = error instanceof Error ? error.message : String(error)
            throw new CliError(`cannot serve on ${options.listen}: ${why}`, { cause: error })
          })
          const { port: bound } = server.address() as AddressInfo
          const shown = host.includes(':') ? `[${host}]` : host
          print(`Proxy serves ${registry.origin} on http://${shown}:${bound}`)
          await once(signal, 'abort')
          server.close()
          server.closeAllConnections()
        })
      } finally {
        await rm(spool, { recursive: true, force: true })
      }
    })
}
