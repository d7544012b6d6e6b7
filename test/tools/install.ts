/** `npm run tools`: brings every program from outside that the tests run, pinned, into a cache directory. */
import { parseArgs } from 'node:util'
import { cacheDirectory } from '../../infra/local/cache.ts'
import { installMinistack } from '../../infra/local/ministack.ts'
import { installPython } from '../../infra/local/python.ts'
import { installPackage, updatePackageIndex } from './apt.ts'
import { TOOLS, type Tool } from './catalogue.ts'
import { installDynamodbLocal, installLocalstack } from './endpoints/install.ts'
import { installGo } from './go.ts'
import { isInstalled, pythonDirectory } from './locate.ts'

const HELP = `Installs the programs that the tests run: clients, the conformance suite, endpoints that speak AWS.

Usage: npm run tools [-- --help]

They go into ${cacheDirectory()}, packages of the distribution into the system.
What is there stays; the first run builds Go programs and takes about 20 minutes on two cores.
Needed: go, apt-get (as root, when a package is missing), python3 with venv (LocalStack: 3.12), java and mvn.

${TOOLS.map(({ name, version, tiers }) => `  ${name.padEnd(16)}${version.padEnd(36)}${tiers.join(', ') || 'bench'}`).join('\n')}`

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const INSTALL_ENDPOINT = {
  ministack: installMinistack,
  'dynamodb-local': installDynamodbLocal,
  localstack: installLocalstack,
} as const

const install = async (tool: Tool): Promise<void> => {
  switch (tool.install.by) {
    case 'go':
      await installGo(tool, tool.install.package)
      return
    case 'apt':
      await installPackage(tool)
      return
    case 'pip':
      await installPython(pythonDirectory(tool), tool.install.packages)
      return
    case 'endpoint':
      await INSTALL_ENDPOINT[tool.install.name](cacheDirectory())
  }
}

/** The line of a failure that says most: a compiler and a package manager put it last. */
const lastLine = (error: unknown): string => {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  const text = said !== '' ? said : error instanceof Error ? error.message : String(error)
  return text.trim().split('\n').at(-1) ?? ''
}

/** Installs what is missing, one tool after the other, and answers how many failed. */
const installAll = async (): Promise<number> => {
  const failed: string[] = []
  const attempt = async (names: string, work: () => Promise<void>): Promise<void> => {
    print(`${names}: installing ...`)
    const startedAt = performance.now()
    try {
      await work()
      print(`${names}: installed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
    } catch (error) {
      failed.push(`${names}: FAILED: ${lastLine(error)}`)
    }
  }
  const missing = TOOLS.filter((tool) => !isInstalled(tool))
  for (const tool of TOOLS) {
    if (!missing.includes(tool)) print(`${tool.name}: present (${tool.version})`)
  }
  const packages = missing.filter(({ install: { by } }) => by === 'apt')
  if (packages.length > 0) await attempt('package index', () => updatePackageIndex(packages))
  for (const tool of missing) {
    await attempt(`${tool.name} (${tool.version})`, () => install(tool))
  }
  for (const line of failed) process.stderr.write(`${line}\n`)
  return failed.length
}

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
if (values.help === true) print(HELP)
else if ((await installAll()) > 0) process.exitCode = 1
