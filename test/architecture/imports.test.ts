import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RULES, violations, type RuleName } from './rules.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const sources = ['shared', 'functions', 'infra'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`),
)

/** A file that breaks each rule: a rule that lets its own pass is no rule. */
const OFFENDERS: Readonly<Record<RuleName, readonly [path: string, text: string]>> = {
  'shared/oci knows only itself, zod and node:crypto': [
    'shared/oci/name.ts',
    "import { readFile } from 'node:fs/promises'",
  ],
  'shared knows neither HTTP frameworks nor those who call it': [
    'shared/registry/x.ts',
    "import type { Context } from 'hono'",
  ],
  'an adapter knows ports, keys, limits and vocabulary, but no capability': [
    'shared/embedded/x.ts',
    "export { protect } from '../guards/protect.ts'",
  ],
  'only an entry point builds adapters': [
    'functions/registry/app.ts',
    "const open = await import('../../shared/embedded/open.ts')",
  ],
  'only shared/aws knows the AWS SDK, and infra/local where it does what people do by AWS’s commands':
    ['functions/registry/handler.ts', "import { S3Client } from '@aws-sdk/client-s3'"],
  'only shared/embedded knows LMDB': ['shared/memory/x.ts', "import { open } from 'lmdb'"],
  'only infra knows the CDK': ['functions/server/x.ts', "import { App } from 'aws-cdk-lib'"],
  'functions are reached by infra, never the other way round': [
    'functions/registry/handler.ts',
    "import { stack } from '../../infra/app.ts'",
  ],
  'infra reads the keys of the table and of the bucket, and nothing else': [
    'infra/app.ts',
    "import type { Kv } from '../shared/ports.ts'",
  ],
  'only a handler knows Lambda': [
    'functions/registry/app.ts',
    "import { handle } from 'hono/aws-lambda'",
  ],
  'only an entry point or infra reads the environment': [
    'shared/registry/x.ts',
    'const { env } = process',
  ],
}

describe('the direction of imports', () => {
  it.each(Object.keys(RULES) as RuleName[])('%s', (rule) => {
    const found = sources.flatMap((path) =>
      violations(rule, path, readFileSync(join(ROOT, path), 'utf8')).map(
        (target) => `${path} reaches for ${target}`,
      ),
    )
    expect(found).toEqual([])
  })

  it.each(Object.entries(OFFENDERS))('is noticed when it is wrong: %s', (rule, [path, text]) => {
    expect(violations(rule as RuleName, path, text)).toHaveLength(1)
  })
})
