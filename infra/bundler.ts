/** `node bundler.ts ENTRY DIRECTORY OPTIONS`: makes a bundle and writes what is in it to standard output, as JSON. */
import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, parse } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import * as z from 'zod'

/** The files of a bundle by their names, and what a start reads before the first request. */
export type Bundled = {
  readonly outputs: Readonly<Record<string, Metafile['outputs'][string]>>
  readonly cold: readonly string[]
}

export type BundlerOptions = {
  /** Of the file that is started, without its extension. */
  readonly name: string
  readonly platform: 'container' | 'lambda'
}

const ROOT = join(import.meta.dirname, '..')

/** Some dependencies are CommonJS and call `require` for modules of Node. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const OPTIONS = {
  absWorkingDir: ROOT,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'warning',
  // Of what is left out below.
  logOverride: { 'import-is-undefined': 'silent' },
} as const satisfies BuildOptions

/** What the dependencies have in them that a function has no use for, and what stands in its place. */
const SHORTER: readonly (readonly [file: RegExp, contents: string])[] = [
  // Messages in fifty languages.
  [/[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/, "export { default as en } from './en.js'"],
  // JSON schemas: our descriptions are made by another package.
  [
    /[\\/]zod[\\/]v4[\\/]core[\\/]to-json-schema\.js$/,
    `const none = () => { throw new Error('this bundle makes no JSON schemas') }
     export const createStandardJSONSchemaMethod = () => none
     export const createToJSONSchemaMethod = () => none
     export { none as extractDefs, none as finalize, none as handleUnrepresentable,
       none as initializeContext, none as processSchema }`,
  ],
  [
    /[\\/]zod[\\/]v4[\\/]core[\\/]json-schema-processors\.js$/,
    'export const allProcessors = {}, toJSONSchema = undefined',
  ],
  // DynamoDB told by an extra request where it is: a setting of old that our functions never make, and a cache for it.
  [
    /[\\/]@aws-sdk[\\/]middleware-endpoint-discovery[\\/]dist-es[\\/]index\.js$/,
    `export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
       environmentVariableSelector: () => undefined, configFileSelector: () => undefined,
       default: false }
     export const resolveEndpointDiscoveryConfig = (input) => input`,
  ],
  // Signatures for several regions at once: of access points that no bucket of ours has, and of a package that is not there.
  [
    /[\\/]signature-v4-multi-region[\\/]dist-es[\\/]SignatureV4MultiRegion\.js$/,
    `import { SignatureV4SignWithCredentials } from './SignatureV4SignWithCredentials'
     export class SignatureV4MultiRegion extends SignatureV4SignWithCredentials {
       static sigv4aDependency() { return 'none' } }`,
  ],
  // A hash in JavaScript, for a Node that was built without.
  [/[\\/]checksum[\\/]sha256[\\/]Sha256Js\.js$/, 'export const Sha256Js = undefined'],
  // A pace of its own that the SDK can find; our calls are one attempt each, or three.
  [
    /[\\/]retry[\\/]util-retry[\\/]AdaptiveRetryStrategy\.js$/,
    "export { StandardRetryStrategy as AdaptiveRetryStrategy } from './StandardRetryStrategy'",
  ],
]

/** What the SDK looks for elsewhere. Lambda puts it all into the environment: the credentials of the role, the region. */
const ON_LAMBDA: typeof SHORTER = [
  // Six more ways to come by credentials.
  [
    /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]dist-es[\\/]index\.js$/,
    "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'",
  ],
  // Files in a home directory, asked for at every start.
  [
    /[\\/]node-config-provider[\\/]fromSharedConfigFiles\.js$/,
    `import { CredentialsProviderError } from '../property-provider/CredentialsProviderError'
     export const fromSharedConfigFiles = () => async () => {
       throw new CredentialsProviderError('there are no files') }`,
  ],
  // The host, which a function cannot reach.
  [
    /[\\/]regionConfig[\\/]getInstanceMetadataRegion\.js$/,
    'export const getInstanceMetadataRegion = async () => undefined',
  ],
]

/** All that anybody reads in the description of a package. */
const description = z.object({ name: z.string(), version: z.string() })

const shorten = (files: typeof SHORTER): Plugin => ({
  name: 'shorten',
  setup: ({ onLoad }) => {
    for (const [filter, contents] of files) {
      onLoad({ filter }, ({ path }) => ({ contents, resolveDir: dirname(path) }))
    }
    onLoad({ filter: /[\\/]package\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify(description.parse(JSON.parse(await readFile(path, 'utf8')))),
      loader: 'json',
    }))
  },
})

/**
 * What our code imports lazily gets bundles of its own. Were it part of the same one, whatever both use would be read
 * from the start, with the parts of it that only the lazy one uses: half of the SDK.
 */
const apart = (found: Map<string, string>): Plugin => ({
  name: 'apart',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /./ }, async ({ importer, kind, path, pluginData, resolveDir }) => {
      const isOurs = !importer.includes('node_modules')
      if (kind !== 'dynamic-import' || !isOurs || pluginData === apart) return undefined
      const resolved = await resolve(path, { kind, importer, resolveDir, pluginData: apart })
      const name = `lazy-${parse(path).name}`
      found.set(resolved.path, name)
      return { path: `./${name}.mjs`, external: true }
    })
  },
})

const bundleAll = async (
  entry: string,
  directory: string,
  { name, platform }: BundlerOptions,
): Promise<Bundled> => {
  const lazy = new Map<string, string>()
  const left = platform === 'lambda' ? [...SHORTER, ...ON_LAMBDA] : SHORTER
  const make = async (entries: ReadonlyMap<string, string>, chunk: string) =>
    await build({
      ...OPTIONS,
      entryPoints: Object.fromEntries([...entries].map(([path, out]) => [out, path])),
      chunkNames: `${chunk}-[hash]`,
      outdir: directory,
      write: false,
      plugins: [shorten(left), apart(lazy)],
    })
  const made = [await make(new Map([[entry, name]]), name)]
  // All of it together, for they share most of the SDK; and again when what is loaded lazily does the same.
  for (let known = 0; lazy.size > known;) {
    known = lazy.size
    made.splice(1, 1, await make(lazy, 'shared'))
  }
  const outputs: Record<string, Metafile['outputs'][string]> = {}
  for (const { metafile, outputFiles } of made) {
    for (const { contents, path } of outputFiles) await writeFile(path, contents)
    for (const [file, output] of Object.entries(metafile.outputs)) outputs[basename(file)] = output
  }
  const cold = new Set([`${name}.mjs`])
  for (const file of cold) {
    for (const { kind, path } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && basename(path) in outputs) cold.add(basename(path))
    }
  }
  return { outputs, cold: [...cold] }
}

const [entry = '', directory = '', options = ''] = process.argv.slice(2)
const parsed = JSON.parse(options) as BundlerOptions
process.stdout.write(JSON.stringify(await bundleAll(entry, directory, parsed)))
