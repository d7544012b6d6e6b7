import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { BUNDLE_NAME, bundle } from '../../infra/bundle.ts'

const KIB = 1024
/**
 * A cold start reads and compiles this much. Raise it knowingly: every 100 KB cost some 10 ms on Lambda. The token service
 * with jose took 16 KiB, direct uploads take 11.
 */
const COLD_BUDGET_BYTES = 584 * KIB
/** Everything that is uploaded, without source maps. */
const TOTAL_BUDGET_BYTES = 1024 * KIB

const { directory, outputs } = bundle('functions/registry/handler.ts')
const files = new Map(
  Object.entries(outputs)
    .filter(([path]) => path.endsWith('.mjs'))
    .map(([path, output]) => [basename(path), output]),
)

afterAll(async () => {
  await rm(directory, { recursive: true })
})

/** The files that are read before the first request. */
const coldFiles = (): ReadonlySet<string> => {
  const found = new Set([`${BUNDLE_NAME}.mjs`])
  for (const name of found) {
    for (const { kind, path } of files.get(name)?.imports ?? []) {
      if (kind === 'import-statement' && files.has(basename(path))) found.add(basename(path))
    }
  }
  return found
}

const bytesOf = (names: Iterable<string>): number =>
  [...names].reduce((total, name) => total + (files.get(name)?.bytes ?? 0), 0)

const inputsOf = (names: Iterable<string>): readonly string[] =>
  [...names].flatMap((name) => Object.keys(files.get(name)?.inputs ?? {}))

const isOf = (name: string) => (path: string) => path.includes(`node_modules/${name}/`)

describe('the bundle of the registry', () => {
  it('stays within its budgets of bytes', () => {
    expect(bytesOf(coldFiles())).toBeLessThan(COLD_BUDGET_BYTES)
    expect(bytesOf(files.keys())).toBeLessThan(TOTAL_BUDGET_BYTES)
  })

  it('loads the client of S3 with the first upload, not at the start', () => {
    const isS3 = isOf('@aws-sdk/client-s3')
    expect(inputsOf(files.keys()).some(isS3)).toBe(true)
    expect(inputsOf(coldFiles()).filter(isS3)).toEqual([])
  })

  it('holds no CDK, no embedded store and no server', () => {
    const inputs = inputsOf(files.keys())
    for (const name of ['aws-cdk-lib', 'lmdb', '@hono/node-server']) {
      expect(inputs.filter(isOf(name))).toEqual([])
    }
    expect(inputs.filter((path) => path.includes('shared/embedded/'))).toEqual([])
  })

  it('starts with what Lambda gives it, and says what is missing otherwise', async () => {
    const url = pathToFileURL(join(directory, `${BUNDLE_NAME}.mjs`)).href
    const script = `import(${JSON.stringify(url)}).then((m) => console.log(typeof m.handler))`
    const start = async (env: Readonly<Record<string, string>>): Promise<string> =>
      (await promisify(execFile)(process.execPath, ['-e', script], { env, cwd: directory })).stdout
    const env = {
      AWS_REGION: 'eu-central-1',
      TABLE_NAME: 'table',
      BUCKET_NAME: 'bucket',
      CREATE_PROJECTS_ON_PUSH: 'true',
      ALLOW_SPARSE: 'false',
    }
    expect(await start(env)).toBe('function\n')
    await expect(start({ ...env, TABLE_NAME: '' })).rejects.toThrow('TABLE_NAME')
  })
})
