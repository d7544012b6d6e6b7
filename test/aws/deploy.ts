import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')
const ACCOUNT = '000000000000'
const STACK = 'RoadsteadTest'
/** A failing custom resource would hang for an hour. */
const TIMEOUT_MS = 120_000

const outputs = z.object({
  ApiId: z.string(),
  BucketName: z.string(),
  FirstPasswordCommand: z.string(),
  LoginCommand: z.string(),
  RegistryUrl: z.string(),
  TableName: z.string(),
})
export type Outputs = z.infer<typeof outputs>

/** Context of the app, by name. */
export type Context = Readonly<Record<string, string>>

/** What runs the CLI of the CDK, the one that users run, against an emulator. */
export const cdkOn = (endpoint: string) => {
  const { AWS_CA_BUNDLE: _, ...inherited } = process.env
  const env = {
    ...inherited,
    ...CREDENTIALS,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  }
  return async (args: readonly string[], cwd = ROOT): Promise<void> => {
    const options = { cwd, env, timeout: TIMEOUT_MS }
    await promisify(execFile)(process.execPath, [CDK, '--no-notices', ...args], options)
  }
}

/** Prepares the emulator's account, which may be prepared already. Where there is no app, none is synthesised for it. */
export const bootstrap = async (endpoint: string): Promise<void> => {
  const environment = `aws://${ACCOUNT}/${CREDENTIALS.AWS_REGION}`
  await cdkOn(endpoint)(['bootstrap', environment], tmpdir())
}

/**
 * Deploys the stack as `cdk.json` has it, or a change to it, to an account that is prepared; answers the stack's outputs. `corrected`: the template for an
 * emulator that takes something of it amiss.
 */
export const deploy = async (
  endpoint: string,
  directory: string,
  context: Context,
  corrected: (template: string) => string = (template) => template,
): Promise<Outputs> => {
  const cdk = cdkOn(endpoint)
  const assembly = join(directory, 'cdk.out')
  const outputsFile = join(directory, 'outputs.json')
  const { stackName = STACK } = context
  const flags = Object.entries({ ...context, stackName }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  await cdk(['synth', '--quiet', '--output', assembly, ...flags])
  const template = join(assembly, `${stackName}.template.json`)
  await writeFile(template, corrected(await readFile(template, 'utf8')))
  await cdk([
    ...['deploy', '--app', assembly, '--all', '--require-approval', 'never'],
    ...['--outputs-file', outputsFile],
  ])
  const made = z.record(z.string(), outputs).parse(JSON.parse(await readFile(outputsFile, 'utf8')))
  const mine = made[stackName]
  if (mine === undefined) throw new Error(`${stackName} was not deployed`)
  return mine
}

/** Deletes the stack that `deploy` made last from this directory. */
export const destroy = async (endpoint: string, directory: string): Promise<void> => {
  await cdkOn(endpoint)(['destroy', '--app', join(directory, 'cdk.out'), '--all', '--force'])
}
