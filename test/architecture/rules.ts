import { reachOf } from './source.ts'

/** Where files of a rule may not reach; paths are given from the project's root. */
type Rule = {
  readonly of: (path: string) => boolean
  readonly imports?: (target: string, path: string) => boolean
  readonly environment?: boolean
}

const isIn = (path: string, ...folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`))

const isPackage = (target: string, ...names: readonly string[]): boolean =>
  names.some((name) => target === name || target.startsWith(`${name}/`))

/** The folders that implement ports, each of which knows the world outside in its own way. */
const ADAPTERS = ['shared/aws', 'shared/embedded', 'shared/memory', 'shared/system']
const adapterOf = (path: string): string | undefined =>
  ADAPTERS.find((folder) => isIn(path, folder))

/** What every adapter may share: the ports, the keys, the limits and the vocabulary. */
const SHARED_WITH_ADAPTERS = [
  'ports',
  'table',
  'bucket',
  'limits',
  'conditions',
  'incoming',
  'limiter',
].map((name) => `shared/${name}.ts`)
const READ_BY_INFRA = ['shared/table.ts', 'shared/bucket.ts']
const PURE = ['zod', 'node:crypto']

const isHandler = (path: string): boolean => /^functions\/[^/]+\/handler\.ts$/.test(path)
const composes = (path: string): boolean =>
  isHandler(path) ||
  isIn(path, 'functions/server', 'functions/lambda', 'functions/relay') ||
  path === 'functions/cli/commands/admin.ts'
const isProject = (target: string): boolean =>
  isIn(target, 'shared', 'functions', 'infra', 'test') || /^[^/]+\.ts$/.test(target)

/** Which way imports may point, one promise each. */
export const RULES = {
  'shared/oci knows only itself, zod and node:crypto': {
    of: (path) => isIn(path, 'shared/oci'),
    imports: (target) => !isIn(target, 'shared/oci') && !PURE.includes(target),
  },
  'shared knows neither HTTP frameworks nor those who call it': {
    of: (path) => isIn(path, 'shared'),
    imports: (target) =>
      isPackage(target, 'hono', '@hono') || isIn(target, 'functions', 'infra', 'test'),
  },
  'an adapter knows ports, keys, limits and vocabulary, but no capability': {
    of: (path) => adapterOf(path) !== undefined,
    imports: (target, path) =>
      isProject(target) &&
      !isIn(target, adapterOf(path) ?? '', 'shared/oci') &&
      !SHARED_WITH_ADAPTERS.includes(target),
  },
  'only an entry point builds adapters': {
    of: (path) => !composes(path),
    imports: (target, path) => {
      const adapter = adapterOf(target)
      return adapter !== undefined && adapter !== adapterOf(path)
    },
  },
  'only shared/aws knows the AWS SDK, and infra/local where it does what people do by AWS’s commands':
    {
      of: (path) => !isIn(path, 'shared/aws', 'infra/local'),
      imports: (target) => isPackage(target, '@aws-sdk', '@smithy'),
    },
  'only shared/embedded knows LMDB': {
    of: (path) => !isIn(path, 'shared/embedded'),
    imports: (target) => isPackage(target, 'lmdb'),
  },
  'only infra knows the CDK': {
    of: (path) => !isIn(path, 'infra'),
    imports: (target) => isPackage(target, 'aws-cdk-lib', 'constructs'),
  },
  'functions are reached by infra, never the other way round': {
    of: (path) => isIn(path, 'functions'),
    imports: (target) => isIn(target, 'infra', 'test'),
  },
  'infra reads the keys of the table and of the bucket, and nothing else': {
    of: (path) => isIn(path, 'infra'),
    imports: (target) =>
      isProject(target) && !isIn(target, 'infra') && !READ_BY_INFRA.includes(target),
  },
  'only a handler knows Lambda': {
    of: (path) => !isHandler(path) && !isIn(path, 'functions/lambda', 'functions/relay'),
    imports: (target) =>
      isPackage(target, 'hono/aws-lambda', '@hono/aws-lambda') || isIn(target, 'functions/lambda'),
  },
  'only an entry point or infra reads the environment': {
    of: (path) => !composes(path) && !isIn(path, 'infra', 'functions/cli'),
    environment: true,
  },
} as const satisfies Record<string, Rule>

export type RuleName = keyof typeof RULES

const known = new Map<string, ReturnType<typeof reachOf>>()

/** Every rule asks for every file: each is read through once. */
const knownReach = (path: string, text: string): ReturnType<typeof reachOf> => {
  const name = `${path}\n${text}`
  const reach = known.get(name) ?? reachOf(path, text)
  known.set(name, reach)
  return reach
}

/** The targets by which a file, its path given from the project's root, breaks a rule. */
export const violations = (name: RuleName, path: string, text: string): readonly string[] => {
  const rule: Rule = RULES[name]
  if (!rule.of(path)) return []
  const { imports, readsEnvironment } = knownReach(path, text)
  const targets = imports.filter((target) => rule.imports?.(target, path) === true)
  return rule.environment === true && readsEnvironment ? [...targets, 'process.env'] : targets
}
