import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cacheDirectory } from '../../infra/local/cache.ts'
import { isMinistackInstalled } from '../../infra/local/ministack.ts'
import { pythonIn } from '../../infra/local/python.ts'
import { TOOLS, type Tier, type Tool } from './catalogue.ts'
import { isDynamodbLocalInstalled, isLocalstackInstalled } from './endpoints/install.ts'

/** The directory of one version of a Go tool. */
export const goDirectory = ({ name, version }: Pick<Tool, 'name' | 'version'>): string =>
  join(cacheDirectory(), 'go', `${name}-${version}`)

/** The directory of one version of an environment of Python. */
export const pythonDirectory = ({ name, version }: Pick<Tool, 'name' | 'version'>): string =>
  join(cacheDirectory(), 'pip', `${name}-${version}`)

/** The interpreter that has the packages of a tool; throws with the command that brings it. */
export const pythonOf = (name: string): string => {
  const tool = TOOLS.find((one) => one.name === name && one.install.by === 'pip')
  const path = tool === undefined ? '' : pythonIn(pythonDirectory(tool))
  if (!isProgram(path)) throw new Error(`${name} is missing; npm run tools brings it`)
  return path
}

const IS_ENDPOINT_INSTALLED = {
  ministack: isMinistackInstalled,
  'dynamodb-local': isDynamodbLocalInstalled,
  localstack: isLocalstackInstalled,
} as const

/** Whether a tool can be used as it is. */
export const isInstalled = (tool: Tool): boolean => {
  switch (tool.install.by) {
    case 'go':
      return isProgram(join(goDirectory(tool), tool.name))
    case 'apt':
      return tool.install.programs.every((program) => onPath(program) !== undefined)
    case 'pip':
      return isProgram(pythonIn(pythonDirectory(tool)))
    case 'endpoint':
      return IS_ENDPOINT_INSTALLED[tool.install.name](cacheDirectory())
  }
}

/** The tools that a tier needs and this machine lacks. */
export const missingTools = (tier: Tier): readonly Tool[] =>
  TOOLS.filter((tool) => tool.tiers.includes(tier) && !isInstalled(tool))

/** The path of a program of the catalogue; throws with the command that brings it. */
export const programPath = (program: string): string => {
  const tool = TOOLS.find(({ name, install }) => name === program && install.by === 'go')
  const path = tool === undefined ? onPath(program) : join(goDirectory(tool), program)
  if (path === undefined || !isProgram(path)) {
    throw new Error(`${program} is missing; npm run tools brings it`)
  }
  return path
}

// Debian keeps daemons where the PATH of a plain user does not reach.
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin']

const onPath = (program: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_DIRECTORIES]
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find(isProgram)

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
