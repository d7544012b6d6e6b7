import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { currentAccount } from '../accounts.ts'
import { createClient, type Client } from '../client.ts'
import { follow } from '../follow.ts'
import { interruptible } from '../interrupt.ts'
import { print, printList } from '../output.ts'
import { parseCount } from '../parse.ts'
import {
  beginAudit,
  finding,
  followedAudit,
  latestAudit,
  listAudits,
  openFindings,
  outcomeOf,
  readAudit,
  stopAudit,
  type AuditRun,
  type Finding,
} from '../storage-audit/api.ts'

const FAILED = 1
const MOST_LISTED = 100

type Options = { readonly json?: boolean }

const ofRun = (command: Command): Command =>
  command.argument('[run]', 'its number; the latest by default', parseCount)

/** audit storage run, status, list, log, stop; its schedule is the API's */
export const addStorageAudit = (audit: Command): void => {
  const command = audit
    .command('storage')
    .summary('compare everything that the registry knows with everything that it stores')

  command
    .command('run')
    .summary('compare now; fails when data is lost')
    .option('--margin-hours <hours>', 'leave out what is younger', parseCount)
    .option('--json', 'what was found, a line of JSON each')
    .option('--detach', 'do not wait for its end')
    .addHelpText('after', '\nExample:\n  roadstead audit storage run')
    .action(async (options: Options & { marginHours?: number; detach?: boolean }) => {
      const client = createClient(currentAccount())
      const id = await beginAudit(client, options.marginHours)
      if (options.detach === true) {
        print(`audit ${id} begins; roadstead audit storage status ${id} says how it goes`)
        return
      }
      const run = await interruptible(
        `audit ${id} stops within seconds; what it found is being mended`,
        async (signal) => await follow(followedAudit(client, id), process.stderr, { signal }),
      )
      await show(client, run, options)
    })

  ofRun(command.command('status'))
    .summary('how an audit goes, or what it found; fails when data is lost')
    .option('--json', 'what it found, a line of JSON each')
    .action(async (id: number | undefined, options: Options) => {
      const client = createClient(currentAccount())
      const run = id === undefined ? await latestAudit(client) : await readAudit(client, id)
      await show(client, run, options)
    })

  ofRun(command.command('log'))
    .summary('what an audit said, and everything that it found')
    .action(async (id?: number) => {
      const client = createClient(currentAccount())
      const number = id ?? (await latestAudit(client)).id
      const lines = Readable.fromWeb(await openFindings(client, number, 'log'))
      await pipeline(lines, process.stdout, { end: false })
    })

  command
    .command('list')
    .summary('the latest audits')
    .option('-n, --number <count>', 'how many', parseCount, 20)
    .option('--json', 'as JSON')
    .action(async (options: Options & { readonly number: number }) => {
      const client = createClient(currentAccount())
      printList(
        await listAudits(client, Math.min(options.number, MOST_LISTED)),
        [
          ['AUDIT', ({ id }) => id],
          ['BEGUN', ({ creation_time: time }) => time],
          ['BY', ({ job_kind: kind }) => kind.toLowerCase()],
          ['STATUS', ({ job_status: status }) => status],
          ['COMPARED', ({ job_parameters: { items_compared: count } }) => count],
          ['LOST', ({ job_parameters: { lost } }) => lost],
          ['BROKEN', ({ job_parameters: { broken } }) => broken],
          ['LEAKED', ({ job_parameters: { leaked } }) => leaked],
        ],
        options,
      )
    })

  command
    .command('stop')
    .summary('stop an audit')
    .argument('<run>', 'its number', parseCount)
    .action(async (id: number) => {
      await stopAudit(createClient(currentAccount()), id)
      print(`audit ${id} stops within seconds`)
    })
}

const show = async (client: Client, run: AuditRun, { json = false }: Options): Promise<void> => {
  const { broken, leaked, lost } = run.job_parameters
  const isOver = run.job_status === 'Success'
  if (lost > 0 || !(isOver || run.job_status === 'Pending' || run.job_status === 'Running')) {
    process.exitCode = FAILED
  }
  const lines = Readable.fromWeb(await openFindings(client, run.id, 'findings'))
  if (json) {
    await pipeline(lines, process.stdout, { end: false })
    return
  }
  const found: Finding[] = []
  for await (const line of createInterface({ input: lines })) {
    if (found.length < MOST_LISTED) found.push(finding.parse(JSON.parse(line)))
  }
  if (found.length > 0) {
    printList(
      found,
      [
        ['', ({ severity }) => severity],
        ['WHERE', ({ where }) => where],
        ['WHAT', ({ what }) => what],
      ],
      {},
    )
  }
  print(outcomeOf(run))
  if (lost + broken + leaked > found.length) print('roadstead audit storage log has all of it')
}
