import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { BenchError } from './options.ts'

const run = promisify(execFile)

/** Where a program comes from, for the sentence that says that it is missing. */
const PACKAGES = {
  wrk: "Debian's package wrk",
  hey: "Debian's package hey",
  skopeo: "Debian's package skopeo",
  sync: "Debian's package coreutils",
  'docker-registry': "Debian's package docker-registry",
  registry: 'npm run tools (github.com/distribution/distribution/v3/cmd/registry@v3.1.2)',
} as const

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

export type Tool = keyof typeof PACKAGES

const INSTALLED = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'roadstead',
  'go',
  'registry-v3.1.2',
)

/** The path of a program; throws a `BenchError` that names the package when it is not there. */
export const findTool = async (tool: Tool): Promise<string> => {
  // A `registry` from elsewhere could be any version.
  const places = tool === 'registry' ? [INSTALLED] : (process.env['PATH'] ?? '').split(delimiter)
  for (const place of places) {
    const path = join(place, tool)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  throw new BenchError(`${tool} is missing; it comes with ${PACKAGES[tool]}`)
}

/** Runs a program to its end and answers what it printed; throws a `BenchError` with its complaint when it fails. */
export const runTool = async (tool: Tool, args: readonly string[]): Promise<string> => {
  const path = await findTool(tool)
  try {
    return (await run(path, args, { maxBuffer: MAX_OUTPUT_BYTES })).stdout
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new BenchError(`${tool} failed: ${said.slice(-500)}`, { cause: error })
  }
}
