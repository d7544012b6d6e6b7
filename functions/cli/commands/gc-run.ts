import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { currentAccount } from '../accounts.ts'
import { createClient } from '../client.ts'
import { follow } from '../follow.ts'
import { beginRun } from '../gc/api.ts'
import { csvOf } from '../gc/csv.ts'
import { followedRun, outcomeOf } from '../gc/followed.ts'
import { interruptible } from '../interrupt.ts'
import { print } from '../output.ts'
import { parseCount, parseSize } from '../parse.ts'

const FAILED = 1

export type GcOptions = {
  readonly untagged?: boolean
  readonly untaggedHours?: number
  readonly workers?: number
  readonly maxObjects?: number
  readonly maxBytes?: number
  readonly maxMinutes?: number
}
type DryOptions = GcOptions & {
  readonly ignoreGrace?: boolean
  readonly json?: boolean
  readonly csv?: boolean
}

/** As the management API calls them. */
export const parametersOf = (options: GcOptions) => ({
  delete_untagged: options.untagged ?? false,
  workers: options.workers,
  time_window: options.untaggedHours,
  max_objects: options.maxObjects,
  max_bytes: options.maxBytes,
  max_minutes: options.maxMinutes,
})

export const withPolicy = (command: Command): Command =>
  command
    .option('--untagged', 'manifests that no tag and no index holds, too')
    .option('--untagged-hours <hours>', 'leave those alone for so long', parseCount)
    .option('--workers <count>', '1 to 10, side by side', parseCount)

/** gc run, dry-run */
export const addGcRuns = (command: Command): void => {
  withPolicy(command.command('run'))
    .summary('collect what is due now')
    .option('--max-objects <count>', 'stop soon after so many', parseCount)
    .option('--max-bytes <size>', 'such as 10GiB', parseSize)
    .option('--max-minutes <minutes>', 'stop after so long', parseCount)
    .option('--detach', 'do not wait for its end')
    .addHelpText('after', '\nExample:\n  roadstead gc run --untagged --workers 4')
    .action(async (options: GcOptions & { readonly detach?: boolean }) => {
      const client = createClient(currentAccount())
      const id = await beginRun(client, parametersOf(options))
      if (options.detach === true) {
        print(`run ${id} begins; roadstead gc status ${id} says how it goes`)
        return
      }
      const run = await interruptible(
        `run ${id} stops within seconds; what it deleted is gone`,
        async (signal) => await follow(followedRun(client, id), process.stderr, { signal }),
      )
      print(outcomeOf(run))
      if (run.job_status !== 'Success') process.exitCode = FAILED
    })

  withPolicy(command.command('dry-run'))
    .summary('tell what a run would delete, and delete nothing')
    .option('--ignore-grace', 'as if nothing were left alone any longer')
    .option('--json', 'everything, a line of JSON each')
    .option('--csv', 'everything, for a spreadsheet')
    .addHelpText('after', '\nExample:\n  roadstead gc dry-run --ignore-grace --csv > garbage.csv')
    .action(async (options: DryOptions) => {
      const client = createClient(currentAccount())
      const dry = { dry_run: true, ignore_grace: options.ignoreGrace ?? false }
      const id = await beginRun(client, { ...parametersOf(options), ...dry })
      const run = await follow(followedRun(client, id), process.stderr)
      if (run.job_status !== 'Success') process.exitCode = FAILED
      const isForPrograms = options.json === true || options.csv === true
      const body = await client.stream(`/system/gc/${id}/${isForPrograms ? 'deletions' : 'log'}`)
      const lines = Readable.fromWeb(body)
      if (options.csv === true) await pipeline(lines, csvOf, process.stdout, { end: false })
      else await pipeline(lines, process.stdout, { end: false })
      if (!isForPrograms) print(outcomeOf(run))
    })
}
