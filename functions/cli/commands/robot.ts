import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount } from '../accounts.ts'
import { CliError, createClient, type Client } from '../client.ts'
import { showExamples } from '../examples.ts'
import { print, printList } from '../output.ts'
import { collectPermissions, parseDays, type Permission } from '../parse.ts'
import { granted, revoked, robotPermission, textOf } from '../robot-permissions.ts'
import { readStdin } from '../secrets.ts'

const robot = z.looseObject({
  id: z.int(),
  name: z.string(),
  level: z.string(),
  disable: z.boolean().default(false),
  expires_at: z.int(),
  permissions: z.array(robotPermission).default([]),
})
type Robot = z.infer<typeof robot>
const secret = z.object({ secret: z.string().default('') })
const created = secret.extend({ name: z.string(), id: z.int() })

const PERMISSION_HELP = `
A permission is PROJECT:RESOURCE:ACTION, or PROJECT/PATTERN:RESOURCE:ACTION for some repositories of the project; the
project is / for the registry itself, * for every project.

Examples:
  roadstead robot create ci -p team:repository:pull -p team:repository:push -p other:repository:pull
  roadstead robot grant 'robot$ci' -p 'third/app/*:repository:pull'
  roadstead robot create ci --project team -p team:repository:push
  roadstead robot create backup -p '*:repository:pull' --duration never`

/** robot list, create, show, grant, revoke, secret, enable, disable, delete */
export const addRobot = (program: Command): void => {
  const command = program.command('robot').summary('robot accounts and what they may do')

  showExamples(
    command,
    'roadstead robot create ci -p team:repository:pull -p team:repository:push',
    'roadstead robot grant ci -p other:repository:pull',
    'roadstead robot disable ci',
    'roadstead robot list --json',
  )

  command
    .command('list')
    .summary('the robots of the registry, or of a project')
    .option('--project <name>', 'of one project')
    .option('--json', 'as JSON')
    .action(async (options: { project?: string; json?: boolean }) => {
      const robots = await robotsOf(createClient(currentAccount()), options.project)
      printList(
        robots,
        [
          ['NAME', ({ name }) => name],
          ['ID', ({ id }) => id],
          ['STATE', stateOf],
          ['EXPIRES', expiryOf],
          ['MAY', ({ permissions }) => permissions.map(textOf).join(' ')],
        ],
        options,
      )
    })

  command
    .command('create')
    .summary('make a robot; its secret is shown this once')
    .argument('<name>')
    .requiredOption(
      '-p, --permission <permission>',
      'may be given several times',
      collectPermissions,
    )
    .option('--project <name>', 'a robot of this project, which its administrators look after')
    .option('--duration <days>', 'how long it lives; never is for ever', parseDays, 30)
    .option('--description <text>')
    .option('--disable', 'it may not log in yet')
    .option('--secret-stdin', 'read its secret from the standard input')
    .addHelpText('after', PERMISSION_HELP)
    .action(
      async (
        name: string,
        options: {
          permission: readonly Permission[]
          project?: string
          duration: number
          description?: string
          disable?: boolean
          secretStdin?: boolean
        },
      ) => {
        const given = options.secretStdin === true ? await readStdin() : undefined
        const made = await createClient(currentAccount()).exchange(
          'POST',
          '/robots',
          {
            ...{ name, level: options.project === undefined ? 'system' : 'project' },
            duration: options.duration,
            description: options.description ?? '',
            disable: options.disable === true,
            permissions: granted([], options.permission),
            ...(given === undefined ? {} : { secret: given }),
          },
          created,
        )
        print(`Made the robot ${made.name}`)
        if (given === undefined) print(`Its secret, shown this once: ${made.secret}`)
      },
    )

  command
    .command('show')
    .summary('one robot, as JSON')
    .argument('<name-or-id>')
    .action(async (given: string) => {
      print(JSON.stringify(await find(createClient(currentAccount()), given), undefined, 2))
    })

  for (const [verb, summary, change] of [
    ['grant', 'allow more, by the same secret', granted],
    ['revoke', 'allow less, by the same secret', revoked],
  ] as const) {
    command
      .command(verb)
      .summary(summary)
      .argument('<name-or-id>')
      .requiredOption(
        '-p, --permission <permission>',
        'may be given several times',
        collectPermissions,
      )
      .addHelpText('after', PERMISSION_HELP)
      .action(async (given: string, options: { permission: readonly Permission[] }) => {
        const client = createClient(currentAccount())
        const found = await find(client, given)
        const permissions = change(found.permissions, options.permission)
        await client.send('PUT', `/robots/${found.id}`, { ...found, permissions })
        print(`${found.name} may now: ${permissions.map(textOf).join(' ')}`)
      })
  }

  for (const [verb, disable] of [
    ['enable', false],
    ['disable', true],
  ] as const) {
    command
      .command(verb)
      .summary(disable ? 'let it log in no more' : 'let it log in again')
      .argument('<name-or-id>')
      .action(async (given: string) => {
        const client = createClient(currentAccount())
        const found = await find(client, given)
        await client.send('PUT', `/robots/${found.id}`, { ...found, disable })
        print(`${found.name} is ${disable ? 'disabled' : 'enabled'}`)
      })
  }

  command
    .command('secret')
    .summary('give it a new secret; the old one ends at once')
    .argument('<name-or-id>')
    .option('--secret-stdin', 'read it from the standard input instead of making one')
    .action(async (given: string, options: { secretStdin?: boolean }) => {
      const client = createClient(currentAccount())
      const found = await find(client, given)
      const chosen = options.secretStdin === true ? await readStdin() : ''
      const made = await client.exchange('PATCH', `/robots/${found.id}`, { secret: chosen }, secret)
      print(
        chosen === ''
          ? `The secret of ${found.name}, shown this once: ${made.secret}`
          : `${found.name} has the secret that was given`,
      )
    })

  command
    .command('delete')
    .summary('delete a robot')
    .argument('<name-or-id>')
    .action(async (given: string) => {
      const client = createClient(currentAccount())
      const found = await find(client, given)
      await client.send('DELETE', `/robots/${found.id}`)
      print(`Deleted the robot ${found.name}`)
    })
}

/** What a robot of a project is called: `robot$team+ci`, and for short `team+ci`. */
const OF_PROJECT = /^(?:robot\$)?([^+]+)\+/

const project = z.object({ project_id: z.int() })

const robotsOf = async (client: Client, name: string | undefined): Promise<readonly Robot[]> => {
  if (name === undefined) return await client.list('/robots', robot)
  const path = `/projects/${encodeURIComponent(name)}`
  const { project_id: id } = await client.get(path, project)
  return await client.list(`/robots?q=Level=project,ProjectID=${id}`, robot)
}

const find = async (client: Client, given: string): Promise<Robot> => {
  if (/^\d+$/.test(given)) return await client.get(`/robots/${given}`, robot)
  const [, project] = OF_PROJECT.exec(given) ?? []
  const robots = await robotsOf(client, project)
  const found = robots.find(({ name }) => name === given || name === `robot$${given}`)
  if (found === undefined) throw new CliError(`there is no robot ${given}`)
  return await client.get(`/robots/${found.id}`, robot)
}

const stateOf = ({ disable, expires_at }: Robot): string => {
  if (disable) return 'disabled'
  return expires_at !== -1 && expires_at * 1000 < Date.now() ? 'expired' : 'enabled'
}

const expiryOf = ({ expires_at }: Robot): string =>
  expires_at === -1 ? 'never' : new Date(expires_at * 1000).toISOString().slice(0, 10)
