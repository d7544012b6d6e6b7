import type { Command } from 'commander'
import * as z from 'zod'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { fullName, parseRepositoryName, type RepositoryName } from '../../../shared/oci/name.ts'
import { isTag, parseReference } from '../../../shared/oci/reference.ts'
import { formatBytes } from '../../../shared/bytes.ts'
import { currentAccount } from '../accounts.ts'
import { CliError, createClient } from '../client.ts'
import { print, printList } from '../output.ts'
import { parseCount } from '../parse.ts'

const MOST_LISTED = 100

const trashed = z.object({
  kind: z.string(),
  tag: z.string().optional(),
  digest: z.string(),
  manifest_media_type: z.string().optional(),
  artifact_type: z.string().optional(),
  size: z.number().optional(),
  deletion_time: z.string(),
  kept_until: z.string(),
})
const undeleted = z.object({
  digest: z.string(),
  tags: z.array(z.string()),
  restored: z.array(z.string()),
})

type Options = { readonly json?: boolean }

/** undelete; trash list */
export const addUndelete = (program: Command): void => {
  program
    .command('undelete')
    .summary('bring back an image that was deleted, with its layers, while it is in the trash')
    .argument('<image>', 'PROJECT/REPOSITORY@DIGEST, or :TAG for what the tag led to')
    .option('-t, --tag <tag...>', 'tags that are to lead to it again')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
An index comes back with its images. What is there by now stays as it is: a tag that leads
elsewhere is not moved. roadstead trash list says what can be brought back, and until when.

Examples:
  roadstead undelete team/app:v1
  roadstead undelete team/app@sha256:7173b809... --tag v1 --tag stable`,
    )
    .action(
      async (image: string, { json = false, tag: tags = [] }: Options & { tag?: string[] }) => {
        const { name, reference } = parseDeleted(image)
        const wrong = tags.find((tag) => !isTag(tag))
        if (wrong !== undefined) throw new CliError(`${wrong} is no tag`)
        const done = await createClient(currentAccount()).exchange(
          'POST',
          `${pathOf(name)}/artifacts/${reference}/undelete`,
          { tags },
          undeleted,
        )
        print(json ? JSON.stringify(done, undefined, 2) : sentenceOf(name, done))
      },
    )

  const trash = program.command('trash').summary('what was deleted, and can be brought back')
  trash
    .command('list')
    .summary('what was deleted from a repository, the last first')
    .argument('<repository>', 'PROJECT/REPOSITORY; it may be deleted itself')
    .option('-n, --number <count>', 'how many a page', parseCount, 20)
    .option('-p, --page <page>', 'which page', parseCount, 1)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  roadstead trash list team/app')
    .action(async (text: string, options: Options & { number: number; page: number }) => {
      const name = parseName(text)
      const size = Math.min(options.number, MOST_LISTED)
      const path = `${pathOf(name)}/trash?page=${options.page}&page_size=${size}`
      printList(
        await createClient(currentAccount()).get(path, z.array(trashed)),
        [
          ['DELETED', ({ deletion_time: time }) => time],
          ['KEPT UNTIL', ({ kept_until: until }) => until],
          ['WHAT', ({ kind, tag }) => (tag === undefined ? kind : `${kind} ${tag}`)],
          ['DIGEST', ({ digest }) => digest],
          ['SIZE', ({ size: bytes }) => (bytes === undefined ? '' : formatBytes(bytes))],
        ],
        options,
      )
    })
}

const IMAGE = /^([^:@]+)(?::([^@]+)|@(.+))$/

const parseDeleted = (
  image: string,
): { readonly name: RepositoryName; readonly reference: string } => {
  const [, name, tag, digest] = IMAGE.exec(image) ?? []
  const reference = tag ?? digest
  if (name === undefined || reference === undefined) {
    throw new CliError(`${image} names nothing; expected PROJECT/REPOSITORY@DIGEST, or :TAG`)
  }
  return {
    name: parseName(name),
    reference: asSentence(() => (parseReference(reference), reference)),
  }
}

const parseName = (text: string): RepositoryName => asSentence(() => parseRepositoryName(text))

const asSentence = <T>(parse: () => T): T => {
  try {
    return parse()
  } catch (error) {
    throw new CliError(error instanceof RegistryError ? error.message : String(error), {
      cause: error,
    })
  }
}

/** A path inside a path is encoded twice: Harbor's way. */
const pathOf = ({ path, project }: RepositoryName): string =>
  `/projects/${encodeURIComponent(project)}/repositories/${encodeURIComponent(encodeURIComponent(path))}`

const sentenceOf = (
  name: RepositoryName,
  { digest, restored, tags }: z.output<typeof undeleted>,
): string => {
  const back = restored.length === 0 ? 'is there' : 'is back'
  const parts = restored.length > 1 ? `, with ${restored.length - 1} of its parts` : ''
  return `${fullName(name)}@${digest} ${back}${parts}${tags.length === 0 ? '' : `: ${tags.join(', ')}`}`
}
