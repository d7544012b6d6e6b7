import { describe, expect, it } from 'vitest'
import { collectPermissions } from '../../../functions/cli/parse.ts'
import {
  granted,
  revoked,
  textOf,
  type RobotPermission,
} from '../../../functions/cli/robot-permissions.ts'

const parse = (...texts: readonly string[]) =>
  texts.flatMap((text) => [...collectPermissions(text)])
const shown = (permissions: readonly RobotPermission[]) => permissions.map(textOf).join(' ')

const NARROW = 'team/app/*:repository:push'

describe('the permissions of a robot, as people write them', () => {
  it.each([
    ['team:repository:push', 'team', undefined],
    ['*:repository:pull', '*', undefined],
    ['/:catalog:read', '/', undefined],
    [NARROW, 'team', 'app/*'],
    ['*/app/**:repository:pull', '*', 'app/**'],
  ])('%s', (text, namespace, repository) => {
    expect(parse(text)).toMatchObject([{ namespace, repository }])
    expect(shown(granted([], parse(text)))).toBe(text)
  })

  it.each([
    'team',
    'team:repository',
    ':repository:push',
    'team/:tag:list',
    'a:b:c:d',
    '//x:tag:list',
  ])('%s is none', (text) => {
    expect(() => parse(text)).toThrow('PROJECT:RESOURCE:ACTION')
  })
})

describe('a robot that is for some repositories', () => {
  const before = granted([], parse(NARROW, 'team:tag:list'))

  it('stays for those when it may do more or less', () => {
    expect(before).toMatchObject([{ repository: 'app/*' }, { namespace: 'team' }])
    expect(before[1]).not.toHaveProperty('repository')
    const more = granted(before, parse('team/app/*:repository:pull', NARROW))
    expect(shown(more)).toBe(`${NARROW} team/app/*:repository:pull team:tag:list`)
    expect(shown(revoked(more, parse(NARROW)))).toBe('team/app/*:repository:pull team:tag:list')
    // The right to the whole project is another one.
    expect(revoked(before, parse('team:repository:push'))).toEqual(before)
  })
})
