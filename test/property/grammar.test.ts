import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDigest, parseDigest, type Digest } from '../../shared/oci/digest.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import { fullName, parseRepositoryName } from '../../shared/oci/name.ts'
import { parsePageSize } from '../../shared/oci/page.ts'
import { lengthOf, parseChunkRange, parseRange } from '../../shared/oci/range.ts'
import { parseReference, parseTag } from '../../shared/oci/reference.ts'
import { packDigests, unpackDigests } from '../../shared/registry/manifests/children.ts'

const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef')),
    minLength: length,
    maxLength: length,
  })
const digest = fc
  .oneof(
    hex(64).map((encoded) => `sha256:${encoded}`),
    hex(128).map((encoded) => `sha512:${encoded}`),
  )
  .map(parseDigest)
const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/)
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/)
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '../x',
    'a//b',
    'A',
    'a\0b',
    `sha256:${'A'.repeat(64)}`,
    'sha256:',
    ':',
    '',
    'md5:0',
  ),
)

/** Text that a parser takes or refuses by a RegistryError, and by nothing else. */
const takesOrRefuses = <T>(parse: (text: string) => T, text: string): T | undefined => {
  try {
    return parse(text)
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError)
    return undefined
  }
}

describe('grammars', () => {
  it('take every digest, tag and name of the specification', () => {
    fc.assert(
      fc.property(digest, tag, fc.array(component, { minLength: 1, maxLength: 6 }), (d, t, c) => {
        expect(parseReference(d)).toEqual({ kind: 'digest', digest: d })
        expect(parseReference(t)).toEqual({ kind: 'tag', tag: t })
        const name = c.join('/')
        const full = fullName(parseRepositoryName(name))
        expect(full).toBe(c.length === 1 ? `library/${name}` : name)
      }),
    )
  })

  it('refuse everything else by an error that the client can read', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const parsed = takesOrRefuses(parseDigest, text)
        expect(parsed === undefined || isDigest(parsed)).toBe(true)
        takesOrRefuses(parseTag, text)
        takesOrRefuses(parseReference, text)
        takesOrRefuses(parsePageSize, text)
        takesOrRefuses(parseChunkRange, text)
        const name = takesOrRefuses(parseRepositoryName, text)
        if (name !== undefined) expect(text).toMatch(/^[a-z0-9._/-]+$/)
      }),
    )
  })

  it('let no name climb, and none hold what separates the parts of a key', () => {
    for (const text of [
      '../a',
      'a/../b',
      'a/..',
      '/a',
      'a/',
      'a#b',
      'a%2fb',
      'a\0',
      'a'.repeat(4096),
    ]) {
      expect(() => parseRepositoryName(text), text).toThrow(RegistryError)
    }
  })
})

describe('packed digests', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(digest, { maxLength: 50 }), (list: Digest[]) => {
        expect(unpackDigests(packDigests(list))).toEqual(list)
      }),
    )
  })

  it('are not made of other bytes', () => {
    expect(() => unpackDigests(Uint8Array.of(1, 2, 3))).toThrow(RangeError)
    expect(() => unpackDigests(Uint8Array.of(9))).toThrow(RangeError)
  })
})

describe('ranges', () => {
  it('lie inside what there is, whatever the header says', () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(300), fc.nat(300)).map(([from, to]) => `${from}-${to}`),
      fc.nat(300).map((from) => `${from}-`),
      fc.nat(300).map((suffix) => `-${suffix}`),
      anything,
    )
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), fc.nat(200), (specs, size) => {
        const wanted = parseRange(`bytes=${specs.join(',')}`, size)
        if (wanted.kind !== 'ranges') return
        for (const range of wanted.ranges) {
          expect(range.start).toBeGreaterThanOrEqual(0)
          expect(range.end).toBeLessThan(size)
          expect(lengthOf(range)).toBeGreaterThan(0)
        }
      }),
    )
  })
})
