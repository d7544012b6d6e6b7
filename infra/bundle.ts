import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { FileSystem } from 'aws-cdk-lib'
import type { Bundled, BundlerOptions } from './bundler.ts'

/** The root of the project. */
export const ROOT = join(import.meta.dirname, '..')

/** The file of a bundle that is started, without its extension. */
export const BUNDLE_NAME = 'handler'

export type Bundle = {
  /** Gone when the process ends, or with `removeBundles`. */
  readonly directory: string
  readonly files: Bundled
}

/**
 * Bundles one entry point of `functions/` with all it needs: the SDK of Lambda's runtime is older than ours, and slower
 * to load. In a process of its own, for constructs cannot wait and esbuild's plugins must be waited for.
 */
export const bundle = (entry: string, platform: BundlerOptions['platform'] = 'lambda'): Bundle => {
  const known = made.get(entry)
  if (known !== undefined) return known
  const directory = FileSystem.mkdtemp('roadstead-bundle-')
  const bundler = join(import.meta.dirname, 'bundler.ts')
  const options: BundlerOptions = { name: BUNDLE_NAME, platform }
  const said = execFileSync(
    process.execPath,
    [bundler, join(ROOT, entry), directory, JSON.stringify(options)],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const files = JSON.parse(said) as Bundled
  made.set(entry, { directory, files })
  if (made.size === 1) process.once('exit', removeBundles)
  return { directory, files }
}

const made = new Map<string, Bundle>()

/** Removes every bundle that this process made; for a process that is not told of its end. */
export const removeBundles = (): void => {
  for (const { directory } of made.values()) rmSync(directory, { recursive: true, force: true })
  made.clear()
}
