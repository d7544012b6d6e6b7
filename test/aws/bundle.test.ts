import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { BUNDLE_NAME, bundle, removeBundles } from '../../infra/bundle.ts'

const KB = 1000

type Budget = {
  /** A cold start reads and compiles this much. Raise it knowingly: every 100 KB cost some 10 ms on Lambda. */
  readonly coldBytes: number
  /** Everything that is uploaded, without source maps; what is loaded lazily shares nothing with the start. */
  readonly totalBytes: number
  readonly environment: Readonly<Record<string, string>>
}

const PORTS = {
  AWS_REGION: 'eu-central-1',
  TABLE_NAME: 'table',
  BUCKET_NAME: 'bucket',
  QUEUE_URL: 'https://sqs.example.com/1/queue',
}
const FRONT = {
  ...PORTS,
  ADMIN_SECRET: 'secret',
  CREATE_PROJECTS_ON_PUSH: 'true',
  ALLOW_SPARSE: 'false',
}

/** Where there is a distribution; the other two are needed with the first. */
const BLOBS = {
  BLOBS_URL: 'https://d111111abcdef8.cloudfront.net',
  BLOBS_KEY_ID: 'K2JCJMDEHXQW5F',
  BLOBS_KEY_SECRET: 'secret',
}

const COLLECTING = { COLLECTION_ARN: 'arn:aws:states:eu-central-1:1:stateMachine:collection' }

const BUDGETS: Readonly<Record<string, Budget>> = {
  registry: { coldBytes: 450 * KB, totalBytes: 1_000 * KB, environment: { ...FRONT, ...BLOBS } },
  api: {
    coldBytes: 700 * KB,
    totalBytes: 1_300 * KB,
    environment: { ...FRONT, ...COLLECTING },
  },
  // Nobody waits for it to start.
  worker: {
    coldBytes: 405 * KB,
    totalBytes: 975 * KB,
    environment: { ...PORTS, ...COLLECTING },
  },
}

/** Loaded with their first use, for most invocations have none. */
const LAZY = [
  '@aws-sdk/client-s3',
  '@aws-sdk/cloudfront-signer',
  '@aws-sdk/client-secrets-manager',
  '@aws-sdk/client-sfn',
  '@aws-sdk/client-sqs',
]
/** Of no use on Lambda. */
const ABSENT = ['aws-cdk-lib', 'lmdb', '@hono/node-server', '@aws-sdk/credential-provider-sso']

type SourceMap = { readonly sources: readonly string[]; readonly sourcesContent?: unknown }

const isOf = (name: string) => (path: string) => path.includes(`node_modules/${name}/`)

// The processes of tests are not told of their end.
afterAll(removeBundles)

describe.each(Object.entries(BUDGETS))('the bundle of %s', (name, budget) => {
  const { directory, files } = bundle(`functions/${name}/handler.ts`)
  const all = Object.keys(files.outputs).filter((file) => file.endsWith('.mjs'))

  const bytesOf = (names: readonly string[]): number =>
    names.reduce((total, file) => total + (files.outputs[file]?.bytes ?? 0), 0)
  const inputsOf = (names: readonly string[]): readonly string[] =>
    names.flatMap((file) => Object.keys(files.outputs[file]?.inputs ?? {}))

  it('stays within its budgets of bytes', () => {
    expect(files.cold).toContain(`${BUNDLE_NAME}.mjs`)
    expect(bytesOf(files.cold)).toBeLessThanOrEqual(budget.coldBytes)
    expect(bytesOf(all)).toBeLessThanOrEqual(budget.totalBytes)
  })

  it('has a source map beside every file, which names our sources and does not hold them', async () => {
    const named: string[] = []
    for (const file of all) {
      const text = await readFile(join(directory, `${file}.map`), 'utf8')
      const { sources, sourcesContent } = JSON.parse(text) as SourceMap
      expect(sourcesContent).toBeUndefined()
      named.push(...sources)
    }
    expect(named.some((source) => source.endsWith(`functions/${name}/handler.ts`))).toBe(true)
  })

  it('loads the clients of S3, SQS, Step Functions and Secrets Manager with their first use', () => {
    expect(inputsOf(all).some(isOf('@aws-sdk/client-s3'))).toBe(true)
    for (const lazy of LAZY) expect(inputsOf(files.cold).filter(isOf(lazy))).toEqual([])
  })

  it('holds no CDK, no embedded store and no server', () => {
    for (const absent of ABSENT) expect(inputsOf(all).filter(isOf(absent))).toEqual([])
    expect(inputsOf(all).filter((path) => path.includes('shared/embedded/'))).toEqual([])
  })

  it('starts with what the stack gives it, and says what is missing otherwise', async () => {
    const url = pathToFileURL(join(directory, `${BUNDLE_NAME}.mjs`)).href
    const script = `import(${JSON.stringify(url)}).then((m) => console.log(typeof m.handler))`
    const start = async (env: Readonly<Record<string, string>>): Promise<string> =>
      (await promisify(execFile)(process.execPath, ['-e', script], { env, cwd: directory })).stdout
    expect(await start(budget.environment)).toBe('function\n')
    for (const missing of Object.keys(budget.environment)) {
      await expect(start({ ...budget.environment, [missing]: '' })).rejects.toThrow(missing)
    }
  })

  it('can load everything that it loads lazily', async () => {
    for (const file of all.filter((one) => /^lazy-[^-]+(-manager|-stream)?\.mjs$/.test(one))) {
      const loaded: unknown = await import(pathToFileURL(join(directory, file)).href)
      expect(Object.keys(loaded as object).length).toBeGreaterThan(0)
    }
  })
})
