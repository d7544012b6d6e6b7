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
    testResults: files.map((statuses, index) => ({
      name: `file${index}.test.ts`,
      message: statuses.length === 0 ? 'no such module' : '',
      // A file that could not be loaded has no tests and failed all the same.
      status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status) => ({
        status,
        fullName: `a test that ${status}`,
        failureMessages: status === 'failed' ? ['expected 1', 'at a line'] : [],
      })),
    })),
  })
}

const numbers = (text: string, exitCode: number) => {
  const { complaints: _told, ...rest } = count(text, exitCode)
  return rest
}

describe('what a tier came to', () => {
  it('is the sum of its files', () => {
    expect(numbers(report(['passed', 'passed'], ['passed']), 0)).toEqual({
      passed: 3,
      failed: 0,
      skipped: 0,
    })
    expect(numbers(report(['passed', 'failed'], ['failed']), 1)).toEqual({
      passed: 1,
      failed: 2,
      skipped: 0,
    })
  })

  it('tells what was left out', () => {
    expect(numbers(report(['passed', 'skipped', 'todo']), 0)).toEqual({
      passed: 1,
      failed: 0,
      skipped: 2,
    })
  })

  it('counts a file that could not be loaded as one failure', () => {
    expect(numbers(report(['passed'], []), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('is a failure when there was no test at all', () => {
    expect(numbers(report(), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('is a failure when only the exit code says so, as after an error outside the tests', () => {
    expect(numbers(report(['passed']), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('names what failed with its reason, tests and files that could not be loaded', () => {
    expect(count(report(['passed', 'failed'], []), 1).complaints).toEqual([
      'file1.test.ts\n    no such module',
      'a test that failed\n    expected 1\n    at a line',
    ])
    expect(count(report(['passed']), 0).complaints).toEqual([])
  })
})
