import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches, type Fields } from '../../../functions/api/http/query-match.ts'
import { conditionOn, parseQuery } from '../../../functions/api/http/query.ts'
import { comparatorOf, parseSort } from '../../../functions/api/http/sort.ts'
import { DomainError } from '../../../shared/errors.ts'

type Thing = {
  readonly name: string
  readonly projectId: number
  readonly isPublic: boolean
  readonly at: Date
  readonly tags: readonly string[]
  readonly owner?: string
}

const THING: Thing = {
  name: 'team/App',
  projectId: 12,
  isPublic: true,
  at: new Date('2024-05-06T07:08:09Z'),
  tags: ['v1', 'v2'],
}

const fields: Fields<Thing> = {
  name: ({ name }) => name,
  project_id: ({ projectId }) => projectId,
  public: ({ isPublic }) => isPublic,
  creation_time: ({ at }) => at,
  tags: ({ tags }) => tags,
  owner: ({ owner }) => owner,
}

describe('q', () => {
  it.each([
    ['', true],
    ['name=team/App', true],
    ['name=team/app', false],
    ['name=\\team/App', true],
    ['name=~APP', true],
    ['name=~apps', false],
    ['name=[team~tean]', true],
    ['name=[u~]', false],
    ['name={x team/App}', true],
    ['name={"x" "team/App"}', true],
    ['name={}', false],
    ['name=(team/App)', true],
    ['ProjectID=12', true],
    ['project_id=12', true],
    ['project_id=012', true],
    ['project_id=13', false],
    ['project_id=x', false],
    ['project_id=[~12]', true],
    ['project_id=[12~]', true],
    ['project_id=[13~20]', false],
    ['project_id=[a~b]', false],
    ['project_id={11 12}', true],
    ['project_id=~1', true],
    ['public=true', true],
    ['public=1', true],
    ['public=false', false],
    ['public=toString', false],
    ['creation_time=2024-05-06T07:08:09', true],
    ['creation_time=[2024-05-06~2024-05-07]', true],
    ["creation_time=['2024-05-06 07:08:09'~]", true],
    ['creation_time=[2024-05-06T07:08:10Z~]', false],
    ['creation_time=[soon~]', false],
    ['tags=v2', true],
    ['tags={v2 v3}', true],
    ['tags=(v1 v2)', true],
    ['tags=(v1 v3)', false],
    ['owner=me', false],
    ['owner={me}', false],
    ['nothing=1', true],
    ['__proto__=1,constructor=1', true],
    ['name=~app,project_id=13', false],
    ['Level%3Dproject%2CProjectID%3D12', true],
    ['Level%3Dproject%2CProjectID%3D13', false],
    ['name%3D%7Bx+team%2FApp%7D', true],
    ['name=team%2FApp', true],
    ['name=%zz', false],
  ])('%s finds it: %s', (q, expected) => {
    expect(matches(THING, parseQuery(q), fields)).toBe(expected)
  })

  it.each([
    'name',
    'name=',
    '=x',
    'a=b,',
    ',',
    'a=~',
    'a=[',
    'a=[]',
    'a=[~]',
    'a=[1]',
    'a=[1~2~3]',
    'a=[1~2',
    'a={',
    'a={b',
    'a=(b',
    'a=(b}',
    `a=${'b'.repeat(9_000)}`,
    'a=b,'.repeat(60),
    `a={${'b '.repeat(300)}}`,
  ])('%s is refused', (q) => {
    expect(() => parseQuery(q)).toThrow(DomainError)
  })

  it('keeps a plus where the query was readable', () => {
    expect(conditionOn(parseQuery('name=a+b'), 'Name')).toEqual({ kind: 'exact', value: 'a+b' })
  })

  const word = fc.stringMatching(/^[a-zA-Z0-9./-]{1,8}$/)
  const written = fc.oneof(
    word.map((value) => ({ text: value, is: { kind: 'exact', value } })),
    word.map((value) => ({ text: `~${value}`, is: { kind: 'fuzzy', value } })),
    fc.tuple(word, word).map(([from, to]) => ({
      text: `[${from}~${to}]`,
      is: { kind: 'range', from, to },
    })),
    fc.array(word, { maxLength: 5 }).map((values) => ({
      text: `{${values.join(' ')}}`,
      is: { kind: 'any', values },
    })),
    fc.array(word, { maxLength: 5 }).map((values) => ({
      text: `(${values.join(' ')})`,
      is: { kind: 'all', values },
    })),
  )

  it('is read as it was written, encoded once or twice', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 6 }), (conditions) => {
        const q = conditions.map(({ text }, index) => `field_${index}=${text}`).join(',')
        for (const given of [q, encodeURIComponent(q)]) {
          const query = parseQuery(given)
          conditions.forEach(({ is }, index) => {
            expect(conditionOn(query, `Field${index}`)).toEqual(is)
          })
        }
      }),
    )
  })
})

describe('sort', () => {
  it('orders by one field after the other, what lacks one last', () => {
    const things: readonly Thing[] = [
      { ...THING, projectId: 2, owner: 'b' },
      { ...THING, projectId: 3 },
      { ...THING, projectId: 1, owner: 'b' },
      { ...THING, projectId: 4, owner: 'c' },
    ]
    const by = (sort: string) =>
      [...things].sort(comparatorOf(parseSort(sort), fields)).map(({ projectId }) => projectId)
    expect(by('owner,project_id')).toEqual([1, 2, 4, 3])
    expect(by('-owner,-ProjectID')).toEqual([4, 2, 1, 3])
    expect(by(' -creation_time , nothing ,,project_id')).toEqual([1, 2, 3, 4])
    expect(by('')).toEqual([2, 3, 1, 4])
  })

  it('refuses more than a list has', () => {
    expect(() => parseSort('a,'.repeat(11))).toThrow(DomainError)
    expect(() => parseSort('a'.repeat(2_000))).toThrow(DomainError)
  })
})

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(fc.constantFrom(...Array.from('a=~[]{}(),-%+ "\'\\_1')), { maxLength: 200 })
    .map((characters) => characters.join('')),
)

const takesOrRefuses = (read: () => unknown): void => {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError)
  }
}

describe('both grammars', () => {
  it('take any text or refuse it by an error that the client can read', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        takesOrRefuses(() => matches(THING, parseQuery(text), fields))
        takesOrRefuses(() => comparatorOf(parseSort(text), fields)(THING, THING))
      }),
    )
  })

  it('take time in proportion to the text', () => {
    const long = ['=', '~', '[', '"', '%', ' ', '-', ',', 'a=[~', 'a={"', '%25', '0-'].map(
      (piece) => `creation_time=[${piece.repeat(8_000 / piece.length)}~]`,
    )
    const started = performance.now()
    for (const text of long) {
      takesOrRefuses(() => matches(THING, parseQuery(text), fields))
      takesOrRefuses(() => parseSort(text))
    }
    // A quadratic reader takes seconds for these; a linear one a few milliseconds.
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
