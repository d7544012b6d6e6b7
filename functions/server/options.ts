import { isIPv4, isIPv6 } from 'node:net'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { parseDuration } from '../../shared/duration.ts'

/** What the server can be told, by flag or by environment; a flag goes before the environment. */
export type ServerOptions = {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly data: string
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly allowSparse: boolean
  readonly createProjectsOnPush: boolean
  /** `open`: everybody may do everything; on loopback addresses only. */
  readonly access: 'login' | 'open'
  /** Of the administrator that the first start makes; absent: a random one. */
  readonly adminPassword: string | undefined
  /** By which clients reach the registry, where that is not the URL of their requests. */
  readonly externalUrl: string | undefined
  /** Whether a proxy says whom a request comes from; whoever reaches the server past it may say anything. */
  readonly isBehindProxy: boolean
  /** Blob reads are redirected to signed URLs of this very server, as they are to S3 on AWS. */
  readonly redirectBlobs: boolean
  readonly logLevel: LogLevel
  /** How often garbage is looked for, in milliseconds; absent: only when administrators want it. */
  readonly gcEveryMs: number | undefined
  /** Nothing is left alone longer than this, in milliseconds; absent: `DEFAULT_TIMES`. */
  readonly gcGraceMs: number | undefined
}

export const LOG_LEVELS = ['error', 'info', 'debug', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A mistake in the command line or the environment, in one sentence for the person who made it. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

export const HELP = `Roadstead: a registry for container images, Helm charts and OCI artifacts.

Usage: npm start -- [options]

  --listen HOST:PORT            where to serve; port 0 takes any free one
                                (ROADSTEAD_LISTEN, default 127.0.0.1:5000)
  --data DIR                    where everything is kept (ROADSTEAD_DATA, default ./.roadstead)
  --tls-cert FILE               serve HTTPS with this certificate chain (ROADSTEAD_TLS_CERT)
  --tls-key FILE                and this private key, both in PEM (ROADSTEAD_TLS_KEY)
  --allow-sparse                take manifests whose blobs or manifests are missing, in projects
                                that do not say otherwise (ROADSTEAD_ALLOW_SPARSE=true)
  --create-projects-on-push     make a project when somebody who may pushes to one that does not
                                exist (ROADSTEAD_CREATE_PROJECTS_ON_PUSH=true)
  --access login|open           who may come in: those who log in, or everybody to do everything,
                                on loopback addresses only (ROADSTEAD_ACCESS, default login)
  --external-url URL            by which clients reach this server, when a proxy stands before it
                                (ROADSTEAD_EXTERNAL_URL)
  --behind-proxy                the only way to this server is a proxy that appends to
                                X-Forwarded-For whom a request comes from
                                (ROADSTEAD_BEHIND_PROXY=true)
  --redirect-blobs              answer blob reads with a redirect to a signed URL of this server
                                (ROADSTEAD_REDIRECT_BLOBS=true)
  --gc-every SPAN|off           how often to look for garbage (ROADSTEAD_GC_EVERY, default 1m)
  --gc-grace SPAN               leave nothing alone for longer than this: uploads, what was pushed
                                and has no tag yet, what was deleted; for tests, or to have room
                                soon. A push that takes longer fails (ROADSTEAD_GC_GRACE)
  --help                        show this

The first start makes the user admin, with the password in ROADSTEAD_ADMIN_PASSWORD or else a
random one that is shown once. LOG_LEVEL is one of ${LOG_LEVELS.join(', ')} (default info).`

const DEFAULT_GC_EVERY_MS = 60_000
/** A timer of Node takes no more milliseconds than 2^31. */
const MAX_SPAN_MS = 24 * 24 * 60 * 60_000

const FLAGS = {
  listen: { type: 'string' },
  data: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'allow-sparse': { type: 'boolean' },
  'create-projects-on-push': { type: 'boolean' },
  'redirect-blobs': { type: 'boolean' },
  access: { type: 'string' },
  'external-url': { type: 'string' },
  'behind-proxy': { type: 'boolean' },
  'gc-every': { type: 'string' },
  'gc-grace': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const boolean = (fallback: boolean) =>
  z.union([z.boolean(), z.stringbool()]).optional().default(fallback)

const span = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds <= MAX_SPAN_MS) return milliseconds
  context.addIssue(`expected a span such as 30s, 10m or 24h, of 24 days at most, not ${text}`)
  return z.NEVER
})

const options = z.object({
  listen: z.string().default('127.0.0.1:5000'),
  data: z.string().min(1).default('./.roadstead'),
  'tls-cert': z.string().optional(),
  'tls-key': z.string().optional(),
  'allow-sparse': boolean(false),
  'create-projects-on-push': boolean(false),
  access: z.enum(['login', 'open']).default('login'),
  'external-url': z
    .url({ protocol: /^https?$/ })
    .transform((url) => new URL(url).origin)
    .optional(),
  'behind-proxy': boolean(false),
  ADMIN_PASSWORD: z.string().optional(),
  'redirect-blobs': boolean(false),
  'gc-every': z.union([z.literal('off'), span]).default(DEFAULT_GC_EVERY_MS),
  'gc-grace': span.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
})

/**
 * Reads flags and environment. `help`: the user asked how.
 * @throws OptionsError
 */
export const parseOptions = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServerOptions | 'help' => {
  const flags = readFlags(args)
  if (flags['help'] === true) return 'help'
  const named = Object.keys(FLAGS).map((flag) => {
    const variable = `ROADSTEAD_${flag.toUpperCase().replaceAll('-', '_')}`
    return [flag, flags[flag] ?? nonEmpty(env[variable])] as const
  })
  const result = options.safeParse({
    ...Object.fromEntries(named),
    LOG_LEVEL: nonEmpty(env['LOG_LEVEL']),
    ADMIN_PASSWORD: nonEmpty(env['ROADSTEAD_ADMIN_PASSWORD']),
  })
  if (!result.success) {
    const [issue] = result.error.issues
    throw new OptionsError(`${issue?.path.join('.') ?? 'options'}: ${issue?.message ?? 'invalid'}`)
  }
  const given = result.data
  return {
    ...parseListen(given.listen, given.access),
    data: given.data,
    tls: parseTls(given['tls-cert'], given['tls-key']),
    allowSparse: given['allow-sparse'],
    createProjectsOnPush: given['create-projects-on-push'],
    redirectBlobs: given['redirect-blobs'],
    access: given.access,
    adminPassword: given.ADMIN_PASSWORD,
    externalUrl: given['external-url'],
    isBehindProxy: given['behind-proxy'],
    logLevel: given.LOG_LEVEL,
    gcEveryMs: given['gc-every'] === 'off' ? undefined : given['gc-every'],
    gcGraceMs: given['gc-grace'],
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

const readFlags = (args: readonly string[]): Readonly<Record<string, string | boolean>> => {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowNegative: true }).values
  } catch (error) {
    const [sentence = 'invalid options'] = error instanceof Error ? error.message.split('. ') : []
    throw new OptionsError(`${sentence}; --help shows the options`, { cause: error })
  }
}

const LISTEN = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/
const MAX_PORT = 65_535

const parseListen = (
  listen: string,
  access: ServerOptions['access'],
): Pick<ServerOptions, 'host' | 'port'> => {
  const [, v6, name, port] = LISTEN.exec(listen) ?? []
  const host = v6 ?? name
  if (host === undefined || host === '' || Number(port) > MAX_PORT) {
    throw new OptionsError(`listen: expected HOST:PORT such as 127.0.0.1:5000, not ${listen}`)
  }
  if (access === 'open' && !isLoopback(host)) {
    throw new OptionsError(
      `listen: ${host} is not a loopback address; with --access open use 127.0.0.1 or [::1]`,
    )
  }
  return { host, port: Number(port) }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  (isIPv4(host) && host.startsWith('127.')) ||
  (isIPv6(host) && /^(?:0*:)*0*1$/.test(host))

const parseTls = (cert: string | undefined, key: string | undefined): ServerOptions['tls'] => {
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert, key }
  throw new OptionsError('tls: --tls-cert and --tls-key go together')
}
