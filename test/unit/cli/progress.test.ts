import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgress } from '../../../functions/cli/push/progress.ts'

const MB = 1_000_000

/** A terminal, or a file: what was written to it, and what of it is still to be seen. */
const screen = (isTTY: boolean, columns = 80) => {
  let written = ''
  const out = {
    isTTY,
    columns,
    write: (text: string): boolean => {
      written += text
      return true
    },
  }
  const seen = (): readonly string[] => {
    const lines = ['']
    // eslint-disable-next-line no-control-regex -- what a terminal understands
    for (const piece of written.split(/(\u001b\[\d+A\u001b\[J|\n)/)) {
      // eslint-disable-next-line no-control-regex -- as above
      const up = /^\u001b\[(\d+)A/.exec(piece)?.[1]
      if (up !== undefined) lines.splice(-1 - Number(up), Infinity, '')
      else if (piece === '\n') lines.push('')
      else lines.push(`${lines.pop() ?? ''}${piece}`)
    }
    return lines.filter((line) => line !== '')
  }
  return { out, seen, written: () => written }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('progress on a terminal', () => {
  it('has a bar for what is under way, counts what waits, and says how fast it is', () => {
    const { out, seen } = screen(true)
    const { end, row } = createProgress(out, Date.now)
    const [first, second] = [row('layer one'), row('layer two')]
    row('layer three')
    first.phase('sending', 4 * MB)
    second.phase('compressing', 10 * MB)
    first.add(MB)
    second.add(10 * MB)
    vi.advanceTimersByTime(1_100)
    expect(seen()).toEqual([
      expect.stringMatching(/^layer one sending {4}\s*\[######\.{18}\] .* of /),
      expect.stringMatching(/^layer two compressing \[#{24}\] /),
      '1 more to go',
      expect.stringMatching(/^\d.*B\/s$/),
    ])
    end()
    expect(seen()).toEqual([])
  })

  it('leaves what is done, and takes the bars away in the end', () => {
    const { out, seen } = screen(true)
    const { end, row } = createProgress(out, Date.now)
    const layer = row('layer')
    layer.phase('sending', MB)
    vi.advanceTimersByTime(100)
    layer.done('pushed')
    vi.advanceTimersByTime(100)
    end()
    expect(seen()).toEqual(['layer pushed'])
  })

  it('goes back when something has to be sent again, and never beyond its end', () => {
    const { out, seen } = screen(true)
    const { end, row } = createProgress(out, Date.now)
    const layer = row('layer')
    layer.phase('sending', MB)
    layer.add(2 * MB)
    vi.advanceTimersByTime(100)
    expect(seen()[0]).toContain(`[${'#'.repeat(24)}]`)
    layer.add(-2 * MB)
    vi.advanceTimersByTime(100)
    expect(seen()[0]).toContain(`[${'.'.repeat(24)}]`)
    end()
  })

  it('shows a dozen bars at most, none wider than the terminal', () => {
    const { out, seen } = screen(true, 40)
    const { end, row } = createProgress(out, Date.now)
    for (let number = 0; number < 20; number += 1) row(`layer ${number}`).phase('sending', MB)
    vi.advanceTimersByTime(100)
    expect(seen()).toHaveLength(14)
    expect(seen()).toContain('8 more to go')
    for (const line of seen()) expect(line.length).toBeLessThan(40)
    end()
  })
})

describe('progress into a file', () => {
  it('is a line for whatever begins and ends, and one now and then, without anything for terminals', () => {
    const { out, seen, written } = screen(false)
    const { end, line, row } = createProgress(out, Date.now)
    const layer = row('layer')
    layer.phase('sending', 4 * MB)
    layer.add(MB)
    vi.advanceTimersByTime(9_000)
    expect(seen()).toHaveLength(1)
    vi.advanceTimersByTime(2_000)
    layer.done('pushed')
    line('all of it')
    end()
    expect(seen()).toEqual([
      expect.stringMatching(/^layer sending /),
      expect.stringMatching(/^layer sending .*\[######/),
      'layer pushed',
      'all of it',
    ])
    expect(written()).not.toContain('\u001b')
  })
})
