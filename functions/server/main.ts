import { resolve } from 'node:path'
import { DataDirectoryError } from '../../shared/embedded/data-directory.ts'
import { createApi } from '../api/app.ts'
import { compose, type Composition } from './compose.ts'
import { addressBehindProxy } from './forwarded.ts'
import { createListener, type Served } from './listener.ts'
import { createLog } from './log.ts'
import { HELP, isLoopback, OptionsError, parseOptions, type ServerOptions } from './options.ts'
import { createServer, listen } from './serve.ts'
import { answerSignedRead } from './signed-objects.ts'
import { answerSignedWrite } from './signed-uploads.ts'
import { untilStopped } from './stop.ts'
import { timedBody } from './timed-body.ts'

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const servedBy = (
  { api, deps, receive, redirectSecret: secret }: Composition,
  { isBehindProxy }: ServerOptions,
): Served => ({
  deps,
  management: createApi(api),
  ...(isBehindProxy ? { addressOf: addressBehindProxy } : {}),
  answerSigned: (incoming) =>
    answerSignedWrite(receive, incoming, timedBody) ??
    (secret === undefined ? undefined : answerSignedRead(deps.context, secret, incoming)),
})

const run = async (options: ServerOptions): Promise<void> => {
  const log = createLog(options.logLevel, process.stdout.isTTY)
  const composition = await compose(options, log)
  try {
    let ready = true
    const server = createServer(
      options,
      composition.traffic.counting(
        createListener(servedBy(composition, options), log, { isReady: () => ready }),
      ),
    )
    const url = await listen(server, options)
    const host = url.replace(/^https?:\/\//, '')
    print(`Roadstead serves on ${url}`)
    print(`Data is in ${resolve(options.data)}`)
    if (composition.adminPassword !== undefined) {
      print(`Log in as admin with the password ${composition.adminPassword} (shown this once)`)
    }
    if (options.tls === undefined && !isLoopback(options.host)) {
      print(
        'Passwords cross the network in the clear, unless a proxy before this server speaks TLS',
      )
    }
    const login = options.access === 'login' ? `docker login -u admin ${host} && ` : ''
    print(
      `Push something: ${login}docker tag alpine ${host}/library/alpine && docker push ${host}/library/alpine`,
    )
    await untilStopped(server, () => {
      ready = false
      log.info('stopping: requests in flight may finish; a second signal ends at once')
    })
  } finally {
    log.flush()
    await composition.close()
  }
}

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') print(HELP)
  else await run(options)
} catch (error) {
  if (!(error instanceof OptionsError || error instanceof DataDirectoryError)) throw error
  process.stderr.write(`roadstead: ${error.message}\n`)
  process.exitCode = 1
}
