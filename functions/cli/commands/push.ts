import { Option, type Command } from 'commander'
import { findAccount } from '../accounts.ts'
import { openSource } from '../images/open-source.ts'
import { interruptible } from '../interrupt.ts'
import { print } from '../output.ts'
import { parseJobs } from '../parse.ts'
import { parseImageName, urlOf } from '../push/image-name.ts'
import { createProgress } from '../push/progress.ts'
import { pushImage } from '../push/push-image.ts'
import { createAuthorizer } from '../remote/authorizer.ts'
import { createRemote } from '../remote/registry.ts'

const DEFAULT_JOBS = 4

const SOURCES = `
Sources:
  oci:DIR[:NAME]              an OCI layout in a directory
  oci-archive:FILE[:NAME]     an OCI layout in a tar archive
  docker-archive:FILE[:NAME]  what docker save has written; its layers are compressed by gzip
  docker:IMAGE                an image of the running Docker (DOCKER_HOST), or of Podman's service
Without the word before the colon it is found out.

Layers that the repository has are not sent. A push that broke, or that was stopped by Ctrl-C, goes on
with the parts that are there when it is started again within a day.

Examples:
  roadstead push docker:alpine:3.20 127.0.0.1:5000/library/alpine:3.20
  roadstead push ./layout registry.example.com/team/app:v1
  docker save big > big.tar && roadstead push big.tar registry.example.com/team/big:v1`

type Options = {
  readonly jobs: number
  readonly way?: 'single' | 'parts'
  readonly scratch?: string
}

/** push */
export const addPush = (program: Command): void => {
  program
    .command('push')
    .summary('push an image with layers of any size')
    .description(
      'Pushes an image straight to the store of the registry: no layer passes the registry itself, whatever its size.',
    )
    .argument('<source>', 'where the image is, see below')
    .argument('<image>', 'where it goes: HOST/PROJECT/NAME:TAG')
    .option('-j, --jobs <number>', 'connections that carry layers', parseJobs, DEFAULT_JOBS)
    .addOption(
      new Option(
        '--way <way>',
        'send each layer at once, or in parts; by default by its size',
      ).choices(['single', 'parts']),
    )
    .option('--scratch <dir>', 'where compressed layers are kept until they are sent')
    .addHelpText('after', SOURCES)
    .action(async (from: string, to: string, options: Options) => {
      const { host, name, scheme, tag } = parseImageName(to)
      const account = findAccount(host, scheme)
      const url = account?.url ?? urlOf({ host, scheme })
      const progress = createProgress(process.stderr)
      const stopped = 'stopped; the same command goes on where this one was'
      const digest = await interruptible(stopped, async (signal) => {
        const saving = progress.row(from)
        const source = await openSource(from, {
          ...{ signal, scratchParent: options.scratch },
          onSaved: (bytes) => {
            saving.phase('saving')
            saving.add(bytes)
          },
        })
        saving.done(`has ${source.blobs.length} blobs`)
        try {
          const remote = createRemote(url, createAuthorizer(account), signal)
          const { jobs, way } = options
          return await pushImage({ remote, name, tag, source, progress, jobs, way })
        } finally {
          await source.close()
        }
      }).finally(progress.end)
      print(`${host}/${name}:${tag} ${digest}`)
    })
}
