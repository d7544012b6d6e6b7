import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Login } from '../support/credentials.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { programPath } from '../tools/locate.ts'

export const VERSIONS = ['1.0', '1.1', 'dev'] as const
export type Version = (typeof VERSIONS)[number]

/** With every switch on: a suite that ran fewer tests left something out. */
export const LEAST_PASSED = { '1.0': 1018, '1.1': 1024, dev: 1024 } as const satisfies Record<
  Version,
  number
>

/** Every switch of the suite, so that nothing is left out because a version has it off by default. */
const SWITCHES = [
  ...['API_PULL', 'API_PUSH', 'API_REFERRER'],
  ...['API_BLOBS_ATOMIC', 'API_BLOBS_DELETE', 'API_BLOBS_DIGEST_HEADER'],
  ...['API_BLOBS_MOUNT_ANONYMOUS', 'API_BLOBS_UPLOAD_CANCEL'],
  ...['API_MANIFESTS_ATOMIC', 'API_MANIFESTS_DELETE', 'API_MANIFESTS_DIGEST_HEADER'],
  ...['API_MANIFESTS_TAG_PARAM', 'API_TAGS_ATOMIC', 'API_TAGS_DELETE', 'API_TAGS_LIST'],
  ...['DATA_IMAGE', 'DATA_INDEX', 'DATA_INDEX_LIST', 'DATA_SPARSE', 'DATA_ARTIFACT'],
  ...['DATA_SUBJECT', 'DATA_SUBJECT_MISSING', 'DATA_ARTIFACT_LIST', 'DATA_SUBJECT_LIST'],
  ...['DATA_DATA_FIELD', 'DATA_NONDISTRIBUTABLE', 'DATA_CUSTOM_FIELDS', 'DATA_NO_LAYERS'],
  ...['DATA_EMPTY_BLOB', 'DATA_SHA512'],
]

export type Result = {
  readonly counts: {
    readonly passed: number
    readonly failures: number
    readonly errors: number
    readonly skipped: number
    readonly disabled: number
  }
  /** The names of the tests that did not pass. */
  readonly notPassed: readonly string[]
}

/** Runs the OCI conformance suite, every switch on but those named, against a registry at `host`. */
export const runSuite = async (
  version: Version,
  host: string,
  login: Login,
  without: readonly string[] = [],
): Promise<Result> => {
  const results = await temporaryDirectory('conformance')
  try {
    await run({
      ...Object.fromEntries(
        SWITCHES.map((name) => [`OCI_${name}`, String(!without.includes(name))]),
      ),
      OCI_VERSION: version,
      OCI_REGISTRY: host,
      OCI_TLS: 'disabled',
      OCI_USERNAME: login.name,
      OCI_PASSWORD: login.password,
      OCI_REPO1: 'conformance/one',
      OCI_REPO2: 'conformance/two',
      OCI_RESULTS_DIR: results.path,
    })
    return readResult(await readFile(join(results.path, 'junit.xml'), 'utf8'))
  } finally {
    await results.remove()
  }
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** A failing test makes the suite exit with 1; the verdict is in its report either way. */
const run = async (env: Readonly<Record<string, string>>): Promise<void> => {
  await new Promise<void>((resolve) => {
    execFile(
      programPath('conformance'),
      { env: { ...process.env, ...env }, maxBuffer: MAX_OUTPUT_BYTES },
      () => {
        resolve()
      },
    )
  })
}

/** Reads the attributes of the one `<testsuite>`, and the names of the tests that did not pass. */
export const readResult = (junit: string): Result => {
  const suite = /<testsuite ([^>]*)>/.exec(junit)?.[1] ?? ''
  const read = (attribute: string): number | undefined => {
    const value = new RegExp(`\\b${attribute}="(\\d+)"`).exec(suite)?.[1]
    return value === undefined ? undefined : Number(value)
  }
  const [tests, failures, errors] = [read('tests'), read('failures'), read('errors')]
  if (tests === undefined || failures === undefined || errors === undefined) {
    throw new Error('the report has no counts')
  }
  // The suite leaves these out when they are zero.
  const [skipped, disabled] = [read('skipped') ?? 0, read('disabled') ?? 0]
  const passed = tests - failures - errors - skipped - disabled
  const notPassed = [...junit.matchAll(/<testcase name="([^"]*)"[^>]* status="([^"]*)"/g)]
    .filter(([, , status]) => status !== 'passed')
    .map(([, name, status]) => `${name ?? ''} (${status ?? ''})`)
  return { counts: { passed, failures, errors, skipped, disabled }, notPassed }
}
