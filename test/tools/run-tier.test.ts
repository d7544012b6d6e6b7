import { describe, expect, it } from 'vitest'
import { count } from './run-tier.ts'

/** A report with one file for each list of verdicts. */
const report = (...files: readonly (readonly string[])[]): string => {
  const verdicts = files.flat()
  const numFailedTests = verdicts.filter((verdict) => verdict === 'failed').length
  return JSON.stringify({
    success: numFailedTests === 0,
    numPassedTests: verdicts.filter((verdict) => verdict === 'passed').length,
    numFailedTests,
    numPendingTests: verdicts.filter((verdict) => verdict === 'skipped').length,
    numTodoTests: verdicts.filter((verdict) => verdict === 'todo').length,
    testResults: files.map((statuses) => ({
      // A file that could not be loaded has no tests and failed all the same.
      status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status) => ({ status })),
    })),
  })
}

describe('what a tier came to', () => {
  it('is the sum of its files', () => {
    expect(count(report(['passed', 'passed'], ['passed']), 0)).toEqual({
      passed: 3,
      failed: 0,
      skipped: 0,
    })
    expect(count(report(['passed', 'failed'], ['failed']), 1)).toEqual({
      passed: 1,
      failed: 2,
      skipped: 0,
    })
  })

  it('tells what was left out', () => {
    expect(count(report(['passed', 'skipped', 'todo']), 0)).toEqual({
      passed: 1,
      failed: 0,
      skipped: 2,
    })
  })

  it('counts a file that could not be loaded as one failure', () => {
    expect(count(report(['passed'], []), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('is a failure when there was no test at all', () => {
    expect(count(report(), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('is a failure when only the exit code says so, as after an error outside the tests', () => {
    expect(count(report(['passed']), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
})
