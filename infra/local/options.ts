import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DeployError } from '../cdk.ts'

export type LocalOptions = {
  /** What runs is known by its files here. */
  readonly data: string
  /** Of the registry; 0: any that is free. */
  readonly port: number
  /** Where AWS is played by somebody else. */
  readonly endpoint: string | undefined
}

export const HELP = `Runs the registry as it is on AWS, on this machine: the stack, deployed by the CDK to an emulator.

Usage: npm run local:up [-- --port N --data DIR]
       npm run local:down [-- --data DIR]

  --port N      of the registry (default 5080; 0: any that is free)
  --data DIR    keeps what the processes say, and which they are (default .roadstead/local)
  --help        show this

With AWS_ENDPOINT_URL it is deployed there, and no emulator is started: to a LocalStack in Docker, for
example, which needs its licence for HTTP APIs. Without it there is MiniStack, which is brought once from
PyPI (python3 with venv) and keeps everything in memory: local:down ends it with all that was pushed.`

const MAX_PORT = 65_535

/** Reads a command line; throws a `DeployError` with a sentence. */
export const parseLocalOptions = (args: readonly string[]): LocalOptions | 'help' => {
  const { data, help, port } = read(args)
  if (help === true) return 'help'
  const number = Number(port)
  if (!Number.isInteger(number) || number < 0 || number > MAX_PORT) {
    throw new DeployError(`--port: ${port} is not a port`)
  }
  const endpoint = process.env['AWS_ENDPOINT_URL']
  if (endpoint !== undefined && endpoint !== '' && !URL.canParse(endpoint)) {
    throw new DeployError(`AWS_ENDPOINT_URL: ${endpoint} is not a URL`)
  }
  return {
    data: resolve(data),
    port: number,
    endpoint: endpoint === undefined || endpoint === '' ? undefined : endpoint.replace(/\/+$/, ''),
  }
}

const read = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string', default: '.roadstead/local' },
        port: { type: 'string', default: '5080' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    const [sentence = 'invalid options'] = error instanceof Error ? error.message.split('. ') : []
    throw new DeployError(`${sentence}; --help shows the options`, { cause: error })
  }
}
