import { argon2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  assertPassword,
  hashPassword,
  verifyNobody,
  verifyPassword,
} from '../../shared/auth/passwords.ts'
import { DomainError } from '../../shared/errors.ts'
import { CHEAP } from '../support/cheap-passwords.ts'

const PASSWORD = 'Correct horse 1'

describe('a stored password', () => {
  it('is argon2id with 19 MiB and two passes, in PHC string format', async () => {
    const stored = await hashPassword(PASSWORD)
    expect(stored).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    )
  })

  it('is what argon2id makes of the password and the salt beside it', async () => {
    const [salt = '', hash = ''] = (await hashPassword(PASSWORD)).split('$').slice(4)
    const expected = argon2Sync('argon2id', {
      message: PASSWORD,
      nonce: Buffer.from(salt, 'base64'),
      memory: 19_456,
      passes: 2,
      parallelism: 1,
      tagLength: 32,
    })
    expect(Buffer.from(hash, 'base64')).toEqual(expected)
  })

  it('is verified by that password and by no other', async () => {
    const stored = await hashPassword(PASSWORD)
    expect(await verifyPassword(stored, PASSWORD)).toBe(true)
    expect(await verifyPassword(stored, `${PASSWORD} `)).toBe(false)
    expect(await verifyPassword(stored, '')).toBe(false)
  })

  it('never looks the same twice', async () => {
    expect(await hashPassword(PASSWORD)).not.toBe(await hashPassword(PASSWORD))
  })

  it('is verified by the cost that it was stored with, whatever is usual now', async () => {
    const salt = Buffer.alloc(16, 7)
    const cost = { memory: 64, passes: 3, parallelism: 2 }
    const hash = argon2Sync('argon2id', { ...cost, message: 'x', nonce: salt, tagLength: 24 })
    const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
    const stored = `$argon2id$v=19$m=64,t=3,p=2$${text(salt)}$${text(hash)}`
    expect(await verifyPassword(stored, 'x')).toBe(true)
    expect(await verifyPassword(stored, 'y')).toBe(false)
  })

  it('costs what its store says, where a store says so', async () => {
    expect(await hashPassword(PASSWORD, CHEAP)).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/)
  })

  it('that is damaged is an error that does not show it', async () => {
    const failure = verifyPassword('$argon2i$v=19$secret', PASSWORD)
    await expect(failure).rejects.toThrow(/^no argon2id hash in the table$/)
  })

  it('of nobody is never verified', async () => {
    expect(await verifyNobody(PASSWORD)).toBe(false)
  })
})

describe('a new password', () => {
  it.each(['Abcdefg1', `Aa1${'x'.repeat(125)}`])('may be %s', (text) => {
    expect(() => {
      assertPassword(text)
    }).not.toThrow()
  })

  it.each([
    ['too short', 'Abcdef1'],
    ['too long', `Aa1${'x'.repeat(126)}`],
    ['without an upper case letter', 'abcdefg1'],
    ['without a lower case letter', 'ABCDEFG1'],
    ['without a digit', 'Abcdefgh'],
  ])('%s is refused, and not shown', (_, text) => {
    const refuse = (): void => {
      assertPassword(text)
    }
    expect(refuse).toThrow(DomainError)
    expect(refuse).not.toThrow(text)
  })
})
