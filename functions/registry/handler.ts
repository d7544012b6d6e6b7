/** The distribution API and its tokens on Lambda, behind an HTTP API of API Gateway. */
import { handle } from 'hono/aws-lambda'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { front } from '../lambda/environment.ts'
import { openFront } from '../lambda/open.ts'
import { createApp } from './app.ts'
import { composeRegistry } from './compose.ts'

const env = front.parse(process.env)
const { serve, ...parts } = openFront(env)
const deps = composeRegistry({
  ...parts,
  hashing: createPortableHashing(),
  createProjectsOnPush: env.CREATE_PROJECTS_ON_PUSH,
})

/** What Lambda calls. */
export const handler = await serve(
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the package that is to replace it is not published yet
  handle(createApp(deps), {
    // Nothing that a registry answers may be taken for text: a manifest's bytes are its digest.
    isContentTypeBinary: () => true,
  }),
)
