import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import type { Registry } from '../support/registry.ts'
import { pythonOf } from '../tools/locate.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 120_000

/** Runs a story in Python against a registry, and answers what it told, by name. */
export const tell = async (
  story: string,
  { login, url }: Pick<Registry, 'login' | 'url'>,
  ...more: readonly string[]
): Promise<Readonly<Record<string, unknown>>> => {
  const script = join(import.meta.dirname, 'python', `${story}.py`)
  const args = [script, `${url}/api/v2.0`, login.password, ...more]
  const { stdout } = await run(pythonOf('harbor-clients'), args, { timeout: TIMEOUT_MS })
  return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout))
}
