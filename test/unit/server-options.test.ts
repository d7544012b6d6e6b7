import { describe, expect, it } from 'vitest'
import { OptionsError, parseOptions } from '../../functions/server/options.ts'

const parsed = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const options = parseOptions(args, env)
  if (options === 'help') throw new Error('nobody asked for help')
  return options
}

describe('how often garbage is looked for, and how long it is left alone', () => {
  it.each([
    [[], {}, 60_000, undefined],
    [['--gc-every', '1s', '--gc-grace', '5s'], {}, 1_000, 5_000],
    [['--gc-every', '250ms'], {}, 250, undefined],
    [['--gc-every', 'off'], {}, undefined, undefined],
    [[], { ROADSTEAD_GC_EVERY: '2h', ROADSTEAD_GC_GRACE: '1d' }, 7_200_000, 86_400_000],
    [['--gc-every', '3m'], { ROADSTEAD_GC_EVERY: 'off' }, 180_000, undefined],
  ] as const)('%j and %j: %s and %s', (args, env, every, grace) => {
    expect(parsed(args, env)).toMatchObject({ gcEveryMs: every, gcGraceMs: grace })
  })

  it.each(['0s', '5', 's', '-1s', '1.5h', '25d', '1w', 'never'])('%s is refused', (text) => {
    for (const name of ['gc-every', 'gc-grace']) {
      const refused = (): unknown => parsed([`--${name}`, text])
      expect(refused).toThrow(OptionsError)
      expect(refused).toThrow(name)
    }
  })
})
