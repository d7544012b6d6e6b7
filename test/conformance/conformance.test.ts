import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from '../support/server.ts'
import { runSuite, VERSIONS, type Version } from './suite.ts'

/** With every switch on: a suite that ran fewer tests left something out. */
const LEAST_PASSED = { '1.0': 1018, '1.1': 1024, dev: 1024 } as const satisfies Record<
  Version,
  number
>

const LOGIN = { name: 'admin', password: 'Conformance1' }

let server: RunningServer

// Sparse manifests are among the tests.
beforeAll(async () => {
  server = await startServer({
    args: ['--allow-sparse', '--create-projects-on-push'],
    adminPassword: LOGIN.password,
  })
})

afterAll(async () => {
  await server.stop()
})

test.for(VERSIONS)(
  'version %s of the OCI suite passes with every switch on, nothing skipped',
  async (version) => {
    const { counts, notPassed } = await runSuite(version, server.host, LOGIN)
    expect(notPassed).toEqual([])
    expect(counts).toMatchObject({ failures: 0, errors: 0, skipped: 0, disabled: 0 })
    expect(counts.passed).toBeGreaterThanOrEqual(LEAST_PASSED[version])
  },
)
