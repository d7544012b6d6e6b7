import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import * as z from 'zod'
import { formatBytes } from '../../../shared/bytes.ts'
import { currentAccount } from '../accounts.ts'
import { createClient } from '../client.ts'
import { showExamples } from '../examples.ts'
import { gcRun, gcSchedule, latestRun, readRun } from '../gc/api.ts'
import { outcomeOf } from '../gc/followed.ts'
import { print, printList } from '../output.ts'
import { parseCount } from '../parse.ts'
import { addGcRuns, parametersOf, withPolicy, type GcOptions } from './gc-run.ts'

const TYPES = { hourly: 'Hourly', daily: 'Daily', weekly: 'Weekly', none: 'None' } as const
const MOST_LISTED = 100

/** gc run, dry-run, status, list, log, stop, schedule */
export const addGc = (program: Command): void => {
  const command = program.command('gc').summary('collect garbage, and see what was collected')
  addGcRuns(command)

  showExamples(
    command,
    'roadstead gc dry-run --ignore-grace --csv > garbage.csv',
    'roadstead gc run --untagged --workers 4',
    'roadstead gc status',
  )

  command
    .command('status')
    .summary('how a run goes, or went; the latest by default')
    .argument('[run]', 'its number', parseCount)
    .action(async (id?: number) => {
      const client = createClient(currentAccount())
      print(outcomeOf(id === undefined ? await latestRun(client) : await readRun(client, id)))
    })

  command
    .command('list')
    .summary('the latest runs')
    .option('-n, --number <count>', 'how many', parseCount, 20)
    .option('--json', 'as JSON')
    .action(async (options: { number: number; json?: boolean }) => {
      const path = `/system/gc?page_size=${Math.min(options.number, MOST_LISTED)}`
      printList(
        await createClient(currentAccount()).get(path, z.array(gcRun)),
        [
          ['RUN', ({ id }) => id],
          ['BEGUN', ({ creation_time: time }) => time],
          [
            'BY',
            ({ job_kind: kind, job_parameters: { background } }) =>
              background ? 'itself' : kind.toLowerCase(),
          ],
          [
            'STATUS',
            ({ job_status: status, job_parameters: { dry_run: isDry } }) =>
              isDry ? `${status} (dry)` : status,
          ],
          ['MANIFESTS', ({ job_parameters: { purged_manifests: count } }) => count],
          ['BLOBS', ({ job_parameters: { purged_blobs: count } }) => count],
          ['FREED', ({ job_parameters: { freed_space: bytes } }) => formatBytes(bytes)],
        ],
        options,
      )
    })

  command
    .command('log')
    .summary('everything that a run deleted; the latest by default')
    .argument('[run]', 'its number', parseCount)
    .action(async (id?: number) => {
      const client = createClient(currentAccount())
      const number = id ?? (await latestRun(client)).id
      const body = await client.stream(`/system/gc/${number}/log`)
      await pipeline(Readable.fromWeb(body), process.stdout, { end: false })
    })

  command
    .command('stop')
    .summary('stop a run; what it deleted is gone')
    .argument('<run>', 'its number', parseCount)
    .action(async (id: number) => {
      await createClient(currentAccount()).send('PUT', `/system/gc/${id}`)
      print(`run ${id} stops within seconds`)
    })

  withPolicy(command.command('schedule'))
    .summary('show when runs begin by themselves, or set it')
    .argument('[when]', 'hourly, daily, weekly, none, or six fields of cron by UTC')
    .addHelpText('after', "\nExample:\n  roadstead gc schedule '0 30 2 * * *' --untagged")
    .action(async (when: string | undefined, options: GcOptions) => {
      const client = createClient(currentAccount())
      if (when !== undefined) {
        const known = Object.entries(TYPES).find(([name]) => name === when)
        const schedule = known === undefined ? { type: 'Custom', cron: when } : { type: known[1] }
        const parameters = parametersOf(options)
        await client.send('PUT', '/system/gc/schedule', { schedule, parameters })
      }
      const { schedule } = await client.get('/system/gc/schedule', gcSchedule)
      const next = schedule.next_scheduled_time
      print(
        next === undefined
          ? 'no run begins by a schedule; what is due goes in the background all the same'
          : `${schedule.type} (${schedule.cron}); the next at ${next}`,
      )
    })
}
