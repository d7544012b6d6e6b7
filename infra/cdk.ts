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
export const runCdk = async (
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
})

/** What a stack says about itself once it is deployed. */
export type Deployed = z.infer<typeof outputs>

/** Deploys the app; throws a `DeployError` with what there is to do. */
export const deployApp = async (
  flags: readonly string[],
  options: CdkOptions = {},
): Promise<readonly Deployed[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'roadstead-deploy-'))
  try {
    const file = join(directory, 'outputs.json')
    const { code, said } = await runCdk(
      [
        ...['deploy', '--all', '--require-approval', 'never', '--outputs-file', file],
        ...['--output', join(directory, 'cdk.out'), ...flags],
      ],
      options,
    )
    if (code !== 0) throw new DeployError(explain(said))
    const stacks = z.record(z.string(), outputs).parse(JSON.parse(readFileSync(file, 'utf8')))
    return Object.values(stacks)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
