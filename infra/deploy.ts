/** `npm run deploy`: the CDK's `deploy` with its checks explained, and at the end what to paste into a terminal. */
import { parseArgs } from 'node:util'
import { contextFlags, deployApp, DeployError, type Deployed } from './cdk.ts'
import { CONTEXT_NAMES, readContext } from './context.ts'

const HELP = `Deploys Roadstead to the AWS account and region of your credentials.

Usage: npm run deploy -- [-c name=value ...]

  -c, --context name=value      ${CONTEXT_NAMES.join(', ')};
                                infra/app.ts says what each of them means
  --profile NAME                of your AWS configuration
  --help                        show this

Credentials come from where AWS's own command line takes them (AWS_PROFILE, AWS_ACCESS_KEY_ID, ...),
the region from AWS_REGION. An account and region are prepared once by: npx cdk bootstrap
AWS_ENDPOINT_URL leads to another endpoint, such as LocalStack's.`

type Wanted = {
  readonly context: ReadonlyMap<string, string>
  readonly profile: string | undefined
}

const OPTIONS = {
  context: { type: 'string', short: 'c', multiple: true },
  profile: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const parse = (args: readonly string[]): Wanted | 'help' => {
  const { values } = readArgs(args)
  if (values.help === true) return 'help'
  const context = new Map<string, string>()
  for (const one of values.context ?? []) {
    const [name = '', ...value] = one.split('=')
    if (!CONTEXT_NAMES.includes(name)) {
      throw new DeployError(`context: there is no ${name}; there are ${CONTEXT_NAMES.join(', ')}`)
    }
    context.set(name, value.join('='))
  }
  try {
    readContext((name) => context.get(name))
  } catch (error) {
    throw new DeployError(error instanceof Error ? error.message : String(error), { cause: error })
  }
  return { context, profile: values.profile }
}

const readArgs = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS })
  } catch (error) {
    const [sentence = 'invalid options'] = error instanceof Error ? error.message.split('. ') : []
    throw new DeployError(`${sentence}; --help shows the options`, { cause: error })
  }
}

const deploy = async ({ context, profile }: Wanted): Promise<void> => {
  const flags = contextFlags(context)
  const stacks = await deployApp([
    ...flags,
    ...(profile === undefined ? [] : ['--profile', profile]),
  ])
  for (const stack of stacks) show(stack)
}

const show = (made: Deployed): void => {
  const { host } = new URL(made.RegistryUrl)
  process.stdout.write(`
Roadstead serves on ${made.RegistryUrl}

Read the first password of admin:
  ${made.FirstPasswordCommand}

Log in, and push something:
  ${made.LoginCommand}
  docker tag alpine ${host}/library/alpine && docker push ${host}/library/alpine
`)
  if (made.RelayUrl === undefined) return
  const relay = new URL(made.RelayUrl).host
  process.stdout.write(`
Push images with large layers by the relay, and pull them from ${host}:
  docker login -u admin ${relay} && docker push ${relay}/library/large
`)
}

try {
  const wanted = parse(process.argv.slice(2))
  if (wanted === 'help') process.stdout.write(`${HELP}\n`)
  else await deploy(wanted)
} catch (error) {
  if (!(error instanceof DeployError)) throw error
  process.stderr.write(`\ndeploy: ${error.message}\n`)
  process.exitCode = 1
}
