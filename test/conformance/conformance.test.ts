import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from '../support/server.ts'
import { LEAST_PASSED, runSuite, VERSIONS } from './suite.ts'

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
