import * as z from 'zod'
import { isHost } from './assertions.ts'

const certificate = z
  .string()
  .regex(/^arn:aws[\w-]*:acm:/, 'expected the ARN of a certificate of ACM')
  .optional()
const flag = z.stringbool().default(false)
const text = z.string().min(1).optional()
const host = z
  .string()
  .refine(isHost, 'expected a host such as registry.example.com, in lower case')
  .optional()

const options = z
  .strictObject({
    stackName: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'letters, digits and hyphens, a letter first')
      .default('Roadstead'),
    domain: host,
    certificate,
    hostedZone: host,
    externalUrl: text,
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
      .optional(),
    encryptionKey: z
      .string()
      .regex(/^arn:aws[\w-]*:kms:.*:key\//, 'expected the ARN of a key of KMS')
      .optional(),
    relayDomain: host,
    relayCertificate: certificate,
    relayVpc: z
      .string()
      .regex(/^vpc-[0-9a-f]+$/, 'expected the id of a VPC, such as vpc-1234')
      .optional(),
    distributionPublicKey: text,
    distributionPrivateKey: z
      .string()
      .regex(
        /^arn:aws[\w-]*:secretsmanager:.*-\w{6}$/,
        'expected the whole ARN of a secret, with the six characters at its end',
      )
      .optional(),
    createProjectsOnPush: flag,
    allowSparse: flag,
    gcGraceSeconds: z.coerce.number().int('expected a whole number').min(1).optional(),
    disposable: flag,
    cliCredentials: flag,
    apiTag: z
      .string()
      .regex(/^[^=]+=/, 'expected name=value')
      .optional()
      .transform((tag) => {
        const [name, ...value] = tag?.split('=') ?? []
        return name === undefined ? {} : { [name]: value.join('=') }
      }),
  })
  .superRefine((given, { addIssue }) => {
    const needs = (one: keyof typeof given, other: keyof typeof given, why: string): void => {
      if (given[one] === undefined || given[other] !== undefined) return
      addIssue({ code: 'custom', path: [other], message: `missing; ${why}` })
    }
    needs('domain', 'certificate', 'a domain needs its certificate')
    needs('certificate', 'domain', 'the certificate is for a name')
    needs('hostedZone', 'domain', 'the hosted zone is for a name')
    needs('relayDomain', 'relayCertificate', 'the relay needs the certificate of its name')
    needs('relayCertificate', 'relayDomain', 'the certificate is for a name')
    needs('relayVpc', 'relayDomain', 'the relay needs a name')
    const pair = 'URLs are signed by a pair of keys'
    needs('distributionPublicKey', 'distributionPrivateKey', pair)
    needs('distributionPrivateKey', 'distributionPublicKey', pair)
  })

/** Everything that can be said with `-c`. */
export type Context = z.infer<typeof options>

/** Its names, for who passes them on. */
export const CONTEXT_NAMES: readonly string[] = Object.keys(options.shape)

/**
 * Reads what was said with `-c name=value`.
 * @throws Error that begins with the name of what is wrong
 */
export const readContext = (read: (name: string) => unknown): Context => {
  const given = CONTEXT_NAMES.map((name) => [name, read(name)] as const)
  const { data, error } = options.safeParse(
    Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  )
  if (data !== undefined) return data
  const [issue] = error.issues
  throw new Error(`${issue?.path.join('.') ?? 'context'}: ${issue?.message ?? 'invalid'}`)
}
