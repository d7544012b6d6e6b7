/** `npm run deploy`: the CDK's `deploy` with its checks explained, and at the end what to paste into a terminal. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { CONTEXT_NAMES, readContext } from './context.ts'
import { explain } from './explain.ts'

const ROOT = join(import.meta.dirname, '..')
const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')

const HELP = `Deploys Roadstead to the AWS account and region of your credentials.

Usage: npm run deploy -- [-c name=value ...]

  -c, --context name=value      ${CONTEXT_NAMES.join(', ')};
                                infra/app.ts says what each of them means
  --profile NAME                of your AWS configuration
  --help                        show this

Credentials come from where AWS's own command line takes them (AWS_PROFILE, AWS_ACCESS_KEY_ID, ...),
the region from AWS_REGION. An account and region are prepared once by: npx cdk bootstrap
AWS_ENDPOINT_URL leads to another endpoint, such as LocalStack's.`

/** A mistake in the command line, or a deployment that failed, in a sentence. */
class DeployError extends Error {
  override readonly name = 'DeployError'
}

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

/** Runs the CDK, showing what it says; answers its exit code and the end of that. */
const runCdk = async (
  args: readonly string[],
): Promise<{ readonly code: number; readonly said: string }> => {
  // The CDK starts `node` for the app, and an older one may come first.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: 'true' }
  const child = spawn(process.execPath, [CDK, '--no-notices', ...args], {
    ...{ cwd: ROOT, env },
    stdio: ['inherit', 'inherit', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    process.stderr.write(text)
    said += text.toString()
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => {
      resolve(exitCode ?? 1)
    })
  })
  return { code, said }
}

const outputs = z.object({
  RegistryUrl: z.string(),
  FirstPasswordCommand: z.string(),
  LoginCommand: z.string(),
  RelayUrl: z.string().optional(),
})

const deploy = async ({ context, profile }: Wanted): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'roadstead-deploy-'))
  try {
    const file = join(directory, 'outputs.json')
    const { code, said } = await runCdk([
      ...['deploy', '--all', '--require-approval', 'never', '--outputs-file', file],
      ...['--output', join(directory, 'cdk.out')],
      ...[...context].flatMap(([name, value]) => ['--context', `${name}=${value}`]),
      ...(profile === undefined ? [] : ['--profile', profile]),
    ])
    if (code !== 0) throw new DeployError(explain(said))
    const stacks = z.record(z.string(), outputs).parse(JSON.parse(readFileSync(file, 'utf8')))
    for (const stack of Object.values(stacks)) show(stack)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const show = (made: z.infer<typeof outputs>): void => {
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
