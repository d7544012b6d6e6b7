import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { CliError, type Account } from './client.ts'

const account = z.object({
  url: z.url(),
  name: z.string(),
  secret: z.string(),
  /** Of the personal access token that `secret` is; revoked on logout. */
  tokenId: z.string().optional(),
})
export type StoredAccount = z.infer<typeof account>

const file = (): string => {
  const given = process.env['XDG_CONFIG_HOME']
  const directory = given === undefined || given === '' ? join(homedir(), '.config') : given
  return join(directory, 'roadstead', 'account.json')
}

/** Keeps who is logged in, for this person alone to read. */
export const storeAccount = (stored: StoredAccount): string => {
  const path = file()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  writeFileSync(path, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600 })
  return path
}

export const readAccount = (): StoredAccount | undefined => {
  let text: string
  try {
    text = readFileSync(file(), 'utf8')
  } catch {
    return undefined
  }
  const parsed = account.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new CliError(`${file()} is damaged; remove it and log in again`)
}

export const forgetAccount = (): void => {
  rmSync(file(), { force: true })
}

/**
 * Who is asking: by the environment (`ROADSTEAD_URL`, `ROADSTEAD_USER`, `ROADSTEAD_PASSWORD`), or else who logged in.
 * @throws CliError
 */
export const currentAccount = (): Account => {
  const { ROADSTEAD_PASSWORD: secret, ROADSTEAD_URL: url, ROADSTEAD_USER: name } = process.env
  if (url !== undefined && name !== undefined && secret !== undefined) {
    return { url: url.replace(/\/$/, ''), name, secret }
  }
  const stored = readAccount()
  if (stored !== undefined) return stored
  throw new CliError('nobody is logged in; run: roadstead login URL --username NAME')
}

/** The account at one registry, if it is there that somebody is logged in. */
export const findAccount = (host: string, scheme?: 'http' | 'https'): Account | undefined => {
  const { ROADSTEAD_URL: url } = process.env
  const account = url === undefined ? readAccount() : currentAccount()
  if (account === undefined) return undefined
  const known = new URL(account.url)
  const isSame = known.host === host && (scheme === undefined || known.protocol === `${scheme}:`)
  return isSame ? account : undefined
}
