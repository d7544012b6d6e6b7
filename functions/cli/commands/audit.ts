import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount } from '../accounts.ts'
import { createClient } from '../client.ts'
import { showExamples } from '../examples.ts'
import { printList } from '../output.ts'
import { parseCount, parseSpan } from '../parse.ts'
import { addStorageAudit } from './storage-audit.ts'

const MAX_ENTRIES = 100
const entry = z.object({
  op_time: z.string(),
  username: z.string(),
  operation: z.string(),
  resource_type: z.string(),
  resource: z.string(),
  operation_result: z.boolean(),
  client_address: z.string().default(''),
})

/** audit list, export, storage */
export const addAudit = (program: Command): void => {
  const command = program
    .command('audit')
    .summary('who did what, when and from where; and whether all that is stored is whole')

  showExamples(
    command,
    'roadstead audit list --project team --since 24h',
    'roadstead audit export > audit.ndjson',
    'roadstead audit storage run',
  )

  command
    .command('list')
    .summary('the latest entries of the log')
    .option('--project <name>', 'of one project')
    .option('--since <span>', 'such as 24h', parseSpan)
    .option('-n, --number <count>', 'how many', parseCount, 20)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  roadstead audit list --project team --since 24h')
    .action(
      async (options: { project?: string; since?: number; number: number; json?: boolean }) => {
        const path =
          options.project === undefined
            ? '/auditlog-exts'
            : `/projects/${encodeURIComponent(options.project)}/auditlog-exts`
        const query = new URLSearchParams({
          page_size: String(Math.min(options.number, MAX_ENTRIES)),
          ...(options.since === undefined
            ? {}
            : { q: `op_time=[${new Date(Date.now() - options.since).toISOString()}~]` }),
        })
        printList(
          await createClient(currentAccount()).get(`${path}?${query.toString()}`, z.array(entry)),
          [
            ['TIME', ({ op_time }) => op_time],
            ['WHO', ({ username }) => username],
            ['FROM', ({ client_address }) => client_address],
            ['WHAT', ({ operation, resource_type }) => `${operation} ${resource_type}`],
            ['RESOURCE', ({ resource }) => resource],
            ['RESULT', ({ operation_result }) => (operation_result ? 'done' : 'failed')],
          ],
          options,
        )
      },
    )

  command
    .command('export')
    .summary('the whole log, a line of JSON for each entry')
    .addHelpText('after', '\nExample:\n  roadstead audit export > audit.ndjson')
    .action(async () => {
      const body = await createClient(currentAccount()).stream('/auditlog-exts/export')
      await pipeline(Readable.fromWeb(body), process.stdout, { end: false })
    })

  addStorageAudit(command)
}
