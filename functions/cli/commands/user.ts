import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount } from '../accounts.ts'
import { CliError, createClient, type Client } from '../client.ts'
import { showExamples } from '../examples.ts'
import { print, printList } from '../output.ts'
import { readBothPasswords, readPassword } from '../secrets.ts'

const user = z.object({
  user_id: z.int(),
  username: z.string(),
  email: z.string().default(''),
  sysadmin_flag: z.boolean().default(false),
  creation_time: z.string(),
})
const token = z.object({
  id: z.string(),
  name: z.string(),
  expires_at: z.string().optional(),
  last_used_at: z.string().optional(),
})

/** user list, create, delete, password, admin, and tokens of one's own */
export const addUser = (program: Command): void => {
  const command = program.command('user').summary('users, their passwords and your own tokens')

  showExamples(
    command,
    'roadstead user create alice --email alice@example.org',
    'roadstead user admin alice',
    'roadstead user tokens',
  )

  command
    .command('list')
    .summary('every user (administrators only)')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      printList(
        await createClient(currentAccount()).list('/users', user),
        [
          ['NAME', ({ username }) => username],
          ['ID', ({ user_id }) => user_id],
          ['MAIL', ({ email }) => email],
          ['ADMINISTRATOR', ({ sysadmin_flag }) => (sysadmin_flag ? 'yes' : '')],
          ['CREATED', ({ creation_time }) => creation_time],
        ],
        options,
      )
    })

  command
    .command('create')
    .summary('make a user')
    .argument('<name>')
    .requiredOption('--email <address>')
    .option('--realname <name>')
    .option('--password-stdin', 'read the password from the standard input')
    .addHelpText('after', '\nExample:\n  roadstead user create alice --email alice@example.org')
    .action(
      async (
        name: string,
        options: { email: string; realname?: string; passwordStdin?: boolean },
      ) => {
        const { email, realname = name } = options
        const password = await readPassword(options, `Password of ${name}: `)
        await createClient(currentAccount()).send('POST', '/users', {
          ...{ username: name, email, realname, password },
        })
        print(`Made the user ${name}`)
      },
    )

  command
    .command('delete')
    .summary('delete a user, with every membership and token')
    .argument('<name>')
    .action(async (name: string) => {
      const client = createClient(currentAccount())
      await client.send('DELETE', `/users/${await idOf(client, name)}`)
      print(`Deleted the user ${name}`)
    })

  command
    .command('password')
    .summary('give a user another password (administrators only)')
    .argument('<name>')
    .option(
      '--password-stdin',
      'read from the standard input: your own password, and in the next line the new one',
    )
    .action(async (name: string, options: { passwordStdin?: boolean }) => {
      const account = currentAccount()
      const id = await idOf(createClient(account), name)
      // What login has kept is a token, and tokens change no passwords.
      const [own, password] = await readBothPasswords(
        options,
        `Your own password: `,
        `New password of ${name}: `,
      )
      const client = createClient({ ...account, secret: own })
      await client.send('PUT', `/users/${id}/password`, { new_password: password })
      print(`${name} has another password`)
    })

  command
    .command('admin')
    .summary('make a user an administrator, or no more one')
    .argument('<name>')
    .option('--off', 'no more one')
    .action(async (name: string, options: { off?: boolean }) => {
      const client = createClient(currentAccount())
      const sysadmin_flag = options.off !== true
      await client.send('PUT', `/users/${await idOf(client, name)}/sysadmin`, { sysadmin_flag })
      print(`${name} is ${sysadmin_flag ? 'an administrator' : 'no administrator any more'}`)
    })

  command
    .command('tokens')
    .summary('your own personal access tokens')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      printList(
        await createClient(currentAccount()).get('/users/current/tokens', z.array(token)),
        [
          ['ID', ({ id }) => id],
          ['NAME', ({ name }) => name],
          ['EXPIRES', ({ expires_at = 'never' }) => expires_at],
          ['LAST USED', ({ last_used_at = '' }) => last_used_at],
        ],
        options,
      )
    })
}

const idOf = async (client: Client, name: string): Promise<number> => {
  const found = (await client.list('/users', user)).find(({ username }) => username === name)
  if (found === undefined) throw new CliError(`there is no user ${name}`)
  return found.user_id
}
