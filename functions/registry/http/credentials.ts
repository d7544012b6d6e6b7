import type { Credentials } from '../../../shared/identity/gate.ts'

const SCHEME = /^(basic|bearer) +([\w\-.~+/]+=*) *$/i
/** A login and a password of a few hundred characters; tokens are longer. */
const MAX_HEADER_CHARACTERS = 16_384

/**
 * Reads an Authorization header (RFC 7617, RFC 6750). One that cannot be read counts as a token that is no good, never as
 * no header at all.
 */
export const credentialsOf = (header: string | undefined, address: string): Credentials => {
  if (header === undefined || header === '') return { kind: 'none' }
  const [, scheme = '', value = ''] =
    header.length > MAX_HEADER_CHARACTERS ? [] : (SCHEME.exec(header) ?? [])
  if (scheme.toLowerCase() !== 'basic') return { kind: 'bearer', token: value }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'bearer', token: '' }
  const [name, password] = [text.slice(0, colon), text.slice(colon + 1)]
  // Docker sends both empty when it has none.
  if (name === '' && password === '') return { kind: 'none' }
  return { kind: 'basic', name, password, address }
}
