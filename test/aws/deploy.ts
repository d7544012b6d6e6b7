import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
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
  [STACK]: z.object({ ApiId: z.string(), TableName: z.string(), BucketName: z.string() }),
})

/** Deploys the stack as `cdk.json` has it to an emulator, with the CLI that users run; answers the stack's outputs. */
export const deploy = async (
  endpoint: string,
  directory: string,
  apiId: string,
): Promise<z.infer<typeof outputs>[typeof STACK]> => {
  const assembly = join(directory, 'cdk.out')
  const outputsFile = join(directory, 'outputs.json')
  const cdk = async (...args: readonly string[]): Promise<void> => {
    const { AWS_CA_BUNDLE: _, ...inherited } = process.env
    const env = {
      ...inherited,
      ...CREDENTIALS,
      AWS_ENDPOINT_URL: endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    }
    const options = { cwd: ROOT, env, timeout: TIMEOUT_MS }
    await promisify(execFile)(process.execPath, [CDK, '--no-notices', ...args], options)
  }
  const context = {
    access: 'everyone',
    stackName: STACK,
    disposable: 'true',
    // The emulator takes the id of an API from this tag.
    apiTag: `ms-custom-id=${apiId}`,
  }
  const flags = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  await cdk('synth', '--quiet', '--output', assembly, ...flags)
  await cdk('bootstrap', '--app', assembly, `aws://${ACCOUNT}/${CREDENTIALS.AWS_REGION}`)
  await cdk(
    ...['deploy', '--app', assembly, '--all', '--require-approval', 'never'],
    ...['--outputs-file', outputsFile],
  )
  return outputs.parse(JSON.parse(await readFile(outputsFile, 'utf8')))[STACK]
}
