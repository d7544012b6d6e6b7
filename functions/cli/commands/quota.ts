import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount } from '../accounts.ts'
import { CliError, createClient } from '../client.ts'
import { formatBytes } from '../../../shared/bytes.ts'
import { showExamples } from '../examples.ts'
import { print, printList } from '../output.ts'
import { parseSize } from '../parse.ts'

const quota = z.object({
  id: z.int(),
  ref: z.object({ name: z.string() }),
  hard: z.object({ storage: z.int() }),
  used: z.object({ storage: z.int() }),
})

const limitOf = (limitBytes: number): string =>
  limitBytes === -1 ? 'none' : formatBytes(limitBytes)

/** quota list, set */
export const addQuota = (program: Command): void => {
  const command = program.command('quota').summary('what projects store, and may store')

  showExamples(
    command,
    'roadstead quota list',
    'roadstead quota set team 10GiB',
    'roadstead quota set team none',
  )

  command
    .command('list')
    .summary('every project')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      printList(
        await createClient(currentAccount()).list('/quotas?reference=project', quota),
        [
          ['PROJECT', ({ ref }) => ref.name],
          ['USED', ({ used }) => formatBytes(used.storage)],
          ['LIMIT', ({ hard }) => limitOf(hard.storage)],
        ],
        options,
      )
    })

  command
    .command('set')
    .summary('limit a project (administrators only)')
    .argument('<project>')
    .argument('<size>', 'such as 10GiB, or none', parseSize)
    .addHelpText('after', '\nExample:\n  roadstead quota set team 10GiB')
    .action(async (name: string, size: number) => {
      const client = createClient(currentAccount())
      const quotas = await client.list('/quotas?reference=project', quota)
      const found = quotas.find(({ ref }) => ref.name === name)
      if (found === undefined) throw new CliError(`there is no project ${name}`)
      await client.send('PUT', `/quotas/${found.id}`, { hard: { storage: size } })
      print(`${name} may store ${size === -1 ? 'as much as there is room for' : formatBytes(size)}`)
    })
}
