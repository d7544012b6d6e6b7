/** The CDK's own command line, as the commands of this project run it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import * as z from 'zod'
import { explain } from './explain.ts'

const ROOT = join(import.meta.dirname, '..')
const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')

/** A mistake in a command line, or a deployment that failed, in a sentence. */
export class DeployError extends Error {
  override readonly name = 'DeployError'
}

export type CdkOptions = {
  /** By default that of this process. */
  readonly env?: Readonly<Partial<Record<string, string>>>
  /** Is told what the CDK says, instead of the terminal. */
  readonly log?: (text: string) => void
}

/** Runs the CDK, showing what it says; answers its exit code and the end of that. */
const runCdk = async (
  args: readonly string[],
  { env = process.env, log }: CdkOptions = {},
): Promise<{ readonly code: number; readonly said: string }> => {
  // The CDK starts `node` for the app, and an older one may come first.
  const path = [dirname(process.execPath), env['PATH']].join(delimiter)
  const child = spawn(process.execPath, [CDK, '--no-notices', ...args], {
    ...{ cwd: ROOT, env: { ...env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: 'true' } },
    stdio: log === undefined ? ['inherit', 'inherit', 'pipe'] : ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout?.on('data', (text: Buffer) => {
    log?.(text.toString())
  })
  child.stderr?.on('data', (text: Buffer) => {
    if (log === undefined) process.stderr.write(text)
    else log(text.toString())
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

/** Context, as the CDK takes it. */
export const contextFlags = (context: Iterable<readonly [string, string]>): readonly string[] =>
  [...context].flatMap(([name, value]) => ['--context', `${name}=${value}`])

const outputs = z.object({
  ApiId: z.string(),
  RegistryUrl: z.string(),
  FirstPasswordCommand: z.string(),
  LoginCommand: z.string(),
  RelayUrl: z.string().optional(),
})

/** What a stack says about itself once it is deployed. */
export type Deployed = z.infer<typeof outputs>

/** An account and region that are prepared first, and where what is deployed to them stays, to be destroyed from there. */
export type Prepared = {
  /** Such as `aws://1/us-east-1`. */
  readonly environment: string
  readonly assembly: string
}

/** Deploys the app. */
export const deployApp = async (
  flags: readonly string[],
  { prepared, ...options }: CdkOptions & { readonly prepared?: Prepared } = {},
): Promise<readonly Deployed[]> =>
  await inDirectory(async (directory) => {
    const file = join(directory, 'outputs.json')
    if (prepared !== undefined) {
      const { assembly, environment } = prepared
      await cdk(['synth', '--quiet', '--output', assembly, ...flags], options)
      await cdk(['bootstrap', '--app', assembly, environment], options)
    }
    const from =
      prepared === undefined
        ? ['--output', join(directory, 'cdk.out'), ...flags]
        : ['--app', prepared.assembly]
    const asked = ['--all', '--require-approval', 'never', '--outputs-file', file]
    await cdk(['deploy', ...asked, ...from], options)
    const stacks = z.record(z.string(), outputs).parse(JSON.parse(readFileSync(file, 'utf8')))
    return Object.values(stacks)
  })

/** Deletes what `deployApp` has deployed, by the assembly that it left. */
export const destroyApp = async (assembly: string, options: CdkOptions = {}): Promise<void> => {
  await cdk(['destroy', '--all', '--force', '--app', assembly], options)
}

/** Runs the CDK; throws a `DeployError` with what there is to do when it fails. */
const cdk = async (args: readonly string[], options: CdkOptions): Promise<void> => {
  const { code, said } = await runCdk(args, options)
  if (code === 0) return
  // Whoever has not seen what it said is told.
  throw new DeployError(
    options.log === undefined ? explain(said) : `${said.trim()}\n${explain(said)}`,
  )
}

/** An assembly of its own for every run: the CDK locks the one that it writes. */
const inDirectory = async <T>(use: (directory: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), 'roadstead-deploy-'))
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
