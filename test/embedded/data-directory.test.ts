import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { DataDirectoryError } from '../../shared/embedded/data-directory.ts'
import { openEmbedded } from '../../shared/embedded/open.ts'
import { testClock, withDirectory, withEmbedded } from './fresh.ts'

type Holder = ChildProcessByStdio<null, Readable, null>

const hold = (directory: string, ...more: string[]): Holder =>
  spawn(process.execPath, [join(import.meta.dirname, 'hold.ts'), directory, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })

const linesOf = (child: Holder): AsyncIterator<string> =>
  createInterface({ input: child.stdout })[Symbol.asyncIterator]()

const killed = async (child: Holder): Promise<void> => {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

const opening = async (directory: string) => await openEmbedded(directory, { clock: testClock() })

test('a new directory belongs to its owner alone and has a version', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(join(directory, 'deep', 'er'), async () => {
      expect((await stat(join(directory, 'deep', 'er'))).mode & 0o777).toBe(0o700)
      expect(await readdir(join(directory, 'deep', 'er'))).toContain('VERSION')
    })
  })
})

test('what was written is there after a restart', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ kv }) => {
      await kv.write({ op: 'put', item: { pk: 'p', sk: 's', n: 1 } })
    })
    await withEmbedded(directory, async ({ kv }) => {
      expect(await kv.get({ pk: 'p', sk: 's' }, 'strong')).toEqual({ pk: 'p', sk: 's', n: 1 })
    })
  })
})

test('the data of a newer version are left alone', async () => {
  await withDirectory(async (directory) => {
    await mkdir(directory)
    await writeFile(join(directory, 'VERSION'), '{"format":2}\n')
    await expect(opening(directory)).rejects.toThrow(/newer version of the registry \(format 2/)
    await writeFile(join(directory, 'VERSION'), 'seven')
    await expect(opening(directory)).rejects.toThrow(DataDirectoryError)
  })
})

test('a directory with the files of somebody else is refused and not touched', async () => {
  await withDirectory(async (directory) => {
    await mkdir(directory)
    await writeFile(join(directory, 'thesis.doc'), '')
    await expect(opening(directory)).rejects.toThrow(/holds other files \(thesis.doc\)/)
    expect(await readdir(directory)).toEqual(['thesis.doc'])
  })
})

test('a directory that cannot be made is one sentence', async () => {
  await withDirectory(async (directory) => {
    await mkdir(directory)
    await writeFile(join(directory, 'file'), '')
    const error = await opening(join(directory, 'file', 'data')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DataDirectoryError)
    expect(String(error)).toMatch(/cannot be written \(ENOTDIR\)$/)
  })
})

test('objects that a crash left half written are cleared away', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async () => {
      await Promise.resolve()
    })
    await writeFile(join(directory, 'incoming', 'left'), 'half')
    await writeFile(join(directory, 'uploads', 'left.parts'), 'half')
    await withEmbedded(directory, async () => {
      expect(await readdir(join(directory, 'incoming'))).toEqual([])
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    })
  })
})

test('a second server is refused by the pid of the first, until that one is gone in whatever way', async () => {
  await withDirectory(async (directory) => {
    const child = hold(directory)
    try {
      expect((await linesOf(child).next()).value).toBe('open')
      await expect(opening(directory)).rejects.toThrow(`in use by process ${child.pid ?? ''};`)
    } finally {
      await killed(child)
    }
    await withEmbedded(directory, async () => {
      await expect(opening(directory)).rejects.toThrow(`in use by process ${process.pid};`)
    })
    await (await opening(directory)).close()
  })
})

test('of many servers that start at once one wins', async () => {
  await withDirectory(async (directory) => {
    const children = Array.from({ length: 6 }, () => hold(directory))
    try {
      const said = await Promise.all(children.map(async (child) => await linesOf(child).next()))
      const lines = said.map(({ value }) => String(value))
      expect(lines.filter((line) => line === 'open')).toHaveLength(1)
      expect(lines.filter((line) => line.startsWith('DataDirectoryError:'))).toHaveLength(5)
    } finally {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode === null) await killed(child)
        }),
      )
    }
  })
})

test('everything that was acknowledged is there when the process was killed', async () => {
  await withDirectory(async (directory) => {
    const child = hold(directory, 'write')
    const lines = linesOf(child)
    const acknowledged: string[] = []
    for (let count = 0; count < 200; count += 1) {
      const line = String((await lines.next()).value)
      if (line !== 'open') acknowledged.push(line)
    }
    await killed(child)
    await withEmbedded(directory, async ({ kv, objects }) => {
      for (const name of acknowledged) {
        expect(await kv.get({ pk: 'p', sk: name }, 'strong')).toBeDefined()
        expect(await objects.head(`object/ab/${name}`)).toEqual({ sizeBytes: name.length })
      }
    })
  })
})
