/**
 * What the AWS tests run against beside MiniStack: DynamoDB Local (AWS's own, in Java) and the last LocalStack that is open
 * (in Python, on DynamoDB Local; without its container it has neither Lambda nor HTTP APIs).
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { once } from '../../../infra/local/once.ts'
import { findPython, installPython } from '../../../infra/local/python.ts'

/** The version in `dynamodb-local.pom.xml`. */
const DYNAMODB_LOCAL_VERSION = '3.3.1'

/** The version in `localstack.requirements.txt`, which pins everything that it needs. */
const LOCALSTACK_VERSION = '4.14.0'
const LOCALSTACK_PYTHON_MINOR = 12

const LOCALSTACK_REQUIREMENTS = join(import.meta.dirname, 'localstack.requirements.txt')
const POM = join(import.meta.dirname, 'dynamodb-local.pom.xml')

const run = promisify(execFile)

/** Where DynamoDB Local's jars and libraries lie in a cache directory. */
export const dynamodbLocalDirectory = (cacheDir: string): string =>
  join(cacheDir, `dynamodb-local-${DYNAMODB_LOCAL_VERSION}`)

/** Where LocalStack's Python environment lies in a cache directory. */
export const localstackDirectory = (cacheDir: string): string =>
  join(cacheDir, `localstack-${LOCALSTACK_VERSION}`)

/** Whether an earlier installation is complete. */
export const isDynamodbLocalInstalled = (cacheDir: string): boolean =>
  existsSync(dynamodbLocalDirectory(cacheDir))

/** Whether an earlier installation is complete. */
export const isLocalstackInstalled = (cacheDir: string): boolean =>
  existsSync(localstackDirectory(cacheDir))

/** Installs DynamoDB Local unless it is there; needs `mvn` and, to run, `java`. */
export const installDynamodbLocal = async (cacheDir: string): Promise<void> => {
  await once(dynamodbLocalDirectory(cacheDir), async (directory) => {
    await run('mvn', [
      ...['--quiet', '--batch-mode', '--file', POM, 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-DoutputDirectory=${directory}`],
    ])
  })
}

/** Installs LocalStack unless it is there; needs Python 3.12 or later with `venv`, and DynamoDB Local to run. */
export const installLocalstack = async (cacheDir: string): Promise<void> => {
  const python = await findPython(LOCALSTACK_PYTHON_MINOR)
  const requirements = ['--requirement', LOCALSTACK_REQUIREMENTS]
  await installPython(localstackDirectory(cacheDir), requirements, python)
}
