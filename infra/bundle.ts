import { join } from 'node:path'
import { FileSystem } from 'aws-cdk-lib'
import { buildSync, type Metafile } from 'esbuild'

/** The root of the project. */
export const ROOT = join(import.meta.dirname, '..')

/** The file of a bundle that Lambda starts, without its extension. */
export const BUNDLE_NAME = 'handler'

export type Bundle = {
  /** The caller's to remove. */
  readonly directory: string
  /** What esbuild says of the files it made: sizes, and which imports which. */
  readonly outputs: Metafile['outputs']
}

/** Some dependencies are CommonJS and call `require` for modules of Node. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/**
 * Bundles one entry point of `functions/` with all it needs: the SDK of Lambda's runtime is older than ours, and slower
 * to load. What is imported lazily gets files of its own, so that a start reads only what it runs.
 */
export const bundle = (entry: string): Bundle => {
  const directory = FileSystem.mkdtemp('roadstead-bundle-')
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: { [BUNDLE_NAME]: join(ROOT, entry) },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    // Error classes and stack traces keep the names that logs are searched for.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    metafile: true,
    logLevel: 'warning',
  })
  return { directory, outputs: metafile.outputs }
}
