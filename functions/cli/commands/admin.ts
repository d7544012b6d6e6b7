import type { Command } from 'commander'
import { DataDirectoryError } from '../../../shared/embedded/data-directory.ts'
import { openEmbedded } from '../../../shared/embedded/open.ts'
import { systemClock } from '../../../shared/system/clock.ts'
import { createRandomIds } from '../../../shared/system/ids.ts'
import { findUserByName } from '../../../shared/users/find.ts'
import { resetPassword } from '../../../shared/users/password.ts'
import { CliError } from '../client.ts'
import { showExamples } from '../examples.ts'
import { print } from '../output.ts'
import { readPassword } from '../secrets.ts'

/** admin reset-password: for whoever has the data and has lost the password. */
export const addAdmin = (program: Command): void => {
  const command = program
    .command('admin')
    .summary('work on a data directory itself, while no server has it')

  showExamples(
    command,
    'roadstead admin reset-password --data ./.roadstead',
    'roadstead admin reset-password --data ./.roadstead --user alice',
  )

  command
    .command('reset-password')
    .summary('give a user another password without knowing the old one')
    .option('--data <directory>', 'the data directory', './.roadstead')
    .option('--user <name>', 'whose', 'admin')
    .option('--password-stdin', 'read the password from the standard input')
    .addHelpText('after', '\nExample:\n  roadstead admin reset-password --data ./.roadstead')
    .action(async (options: { data: string; user: string; passwordStdin?: boolean }) => {
      const embedded = await open(options.data)
      try {
        const store = { kv: embedded.kv, clock: systemClock, ids: createRandomIds() }
        const user = await findUserByName(store, options.user)
        if (user === undefined) throw new CliError(`there is no user ${options.user}`)
        const password = await readPassword(options, `New password of ${user.name}: `)
        await resetPassword(store, user.number, password)
        print(`${user.name} has another password`)
      } finally {
        await embedded.close()
      }
    })
}

const open = async (directory: string): ReturnType<typeof openEmbedded> => {
  try {
    return await openEmbedded(directory, { clock: systemClock })
  } catch (error) {
    if (error instanceof DataDirectoryError) throw new CliError(error.message, { cause: error })
    throw error
  }
}
