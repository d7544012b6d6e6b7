import { randomBytes } from 'node:crypto'
import { createOpenGate } from '../../shared/auth/gate.ts'
import { openEmbedded } from '../../shared/embedded/open.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { createProcessHashing } from '../../shared/registry/uploads/hashing.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import type { Deps } from '../registry/deps.ts'
import type { Log } from './log.ts'
import type { ServerOptions } from './options.ts'

export type Composition = {
  readonly deps: Deps
  /** Signs blob reads that are redirected; absent when this server answers bytes. */
  readonly redirectSecret: string | undefined
  readonly close: () => Promise<void>
}

const SECRET_BYTES = 32

/** Puts the registry together on the embedded adapters. */
export const compose = async (options: ServerOptions, log: Log): Promise<Composition> => {
  const secret = options.redirectBlobs ? randomBytes(SECRET_BYTES).toString('hex') : undefined
  const embedded = await openEmbedded(options.data, {
    clock: systemClock,
    // Without a host the redirect leads to wherever the client reached this server.
    ...(secret === undefined ? {} : { redirect: { baseUrl: '', secret } }),
  })
  const store = { kv: embedded.kv, clock: systemClock, ids: createRandomIds() }
  return {
    close: async () => {
      await embedded.close()
    },
    redirectSecret: secret,
    deps: {
      context: {
        store,
        objects: embedded.objects,
        repositories: createRepositories(store, options),
        limits: DEFAULT_LIMITS,
        allowSparse: options.allowSparse,
      },
      hashing: createProcessHashing(),
      gate: createOpenGate(),
      reportError: (error, requestId) => {
        log.error('a request failed', error, { id: requestId })
      },
    },
  }
}
