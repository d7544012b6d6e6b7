import { hostname } from 'node:os'
import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount, forgetAccount, readAccount, storeAccount } from '../accounts.ts'
import { createClient } from '../client.ts'
import { print } from '../output.ts'
import { readPassword } from '../secrets.ts'

const DAYS = 90
const DAY_MS = 24 * 60 * 60 * 1000

const created = z.object({ id: z.string(), secret: z.string() })
const current = z.object({ username: z.string(), sysadmin_flag: z.boolean() })

/** login, logout, whoami */
export const addLogin = (program: Command): void => {
  program
    .command('login')
    .summary('log in to a registry')
    .description(
      'Logs in to a registry. What is kept is a personal access token of 90 days, not the password.',
    )
    .argument('<url>', 'such as http://127.0.0.1:5000')
    .requiredOption('-u, --username <name>', 'who to log in as')
    .option('--password-stdin', 'read the password from the standard input')
    .addHelpText('after', '\nExample:\n  roadstead login http://127.0.0.1:5000 --username admin')
    .action(async (given: string, options: { username: string; passwordStdin?: boolean }) => {
      const { origin: url } = new URL(given)
      const { username: name } = options
      const password = await readPassword(options, `Password of ${name}: `)
      const client = createClient({ url, name, secret: password })
      const token = await client.exchange(
        'POST',
        '/users/current/tokens',
        {
          name: `roadstead on ${hostname()}`,
          expires_at: new Date(Date.now() + DAYS * DAY_MS).toISOString(),
        },
        created,
      )
      const path = storeAccount({ url, name, secret: token.secret, tokenId: token.id })
      print(`Logged in to ${url} as ${name} (kept in ${path})`)
    })

  program
    .command('logout')
    .summary('revoke what login has kept, and forget it')
    .action(async () => {
      const account = readAccount()
      if (account?.tokenId !== undefined) {
        // Whether it still can or not: the file goes.
        await createClient(account)
          .send('DELETE', `/users/current/tokens/${account.tokenId}`)
          .catch(() => undefined)
      }
      forgetAccount()
      print(account === undefined ? 'Nobody was logged in' : `Logged out of ${account.url}`)
    })

  program
    .command('whoami')
    .summary('who is logged in, and where')
    .action(async () => {
      const account = currentAccount()
      const { sysadmin_flag, username } = await createClient(account).get('/users/current', current)
      print(`${username} at ${account.url}${sysadmin_flag ? ' (administrator)' : ''}`)
    })
}
