import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { cacheDirectory } from './infra/local/cache.ts'
import type { Tier } from './test/tools/catalogue.ts'

// What tests start loads hundreds of modules each: Node compiles them once for all, and not in every process anew.
process.env['NODE_COMPILE_CACHE'] ??= join(cacheDirectory(), 'compiled')

/** One project per test tier; `test/run.ts` decides which of them can run on this machine. */
const tier = (name: Tier, directories: readonly string[], testTimeout: number) => ({
  test: {
    name,
    include: directories.map((directory) => `${directory}/**/*.test.ts`),
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism: name === 'unit' || name === 'simulation' || name === 'aws',
    // Half of what it does is to wait: for deployments, emulators and ends of time.
    ...(name === 'aws' && { maxWorkers: 2 }),
    // Loading the same modules anew for every file took a quarter of the time. Those of AWS leave bundles to be removed.
    isolate: name === 'aws',
  },
})

const MINUTE = 60_000

export default defineConfig({
  test: {
    // What one tier has transformed, others and the next run need not.
    experimental: { fsModuleCache: true },
    projects: [
      tier('unit', ['test/unit', 'test/property', 'test/architecture', 'test/tools'], MINUTE),
      tier('embedded', ['test/embedded'], 2 * MINUTE),
      tier('simulation', ['test/simulation'], 5 * MINUTE),
      tier('contract', ['test/contract'], 2 * MINUTE),
      tier('crash', ['test/crash'], 10 * MINUTE),
      tier('server', ['test/server'], 2 * MINUTE),
      tier('conformance', ['test/conformance'], 5 * MINUTE),
      tier('clients', ['test/e2e'], 5 * MINUTE),
      tier('soak', ['test/soak'], 20 * MINUTE),
      tier('harbor', ['test/harbor'], 5 * MINUTE),
      tier('aws', ['test/aws'], 5 * MINUTE),
    ],
  },
})
