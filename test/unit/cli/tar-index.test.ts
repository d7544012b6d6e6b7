import { execFile } from 'node:child_process'
import { mkdir, open, symlink, link, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexTar } from '../../../functions/cli/images/tar-index.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const run = promisify(execFile)
const LONG = `${'long-name-'.repeat(15)}/${'x'.repeat(120)}`

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeEach(async () => {
  directory = await temporaryDirectory('tar')
})
afterEach(async () => {
  await directory.remove()
})

const bytesAt = async (file: string, offset: number, length: number): Promise<string> => {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

describe('the index of a tar archive', () => {
  it.each(['gnu', 'pax', 'ustar'])('finds every file where tar put it (%s)', async (format) => {
    const root = join(directory.path, 'root')
    const names = ['a', 'dir/b', ...(format === 'ustar' ? [] : [LONG])]
    for (const name of names) {
      await mkdir(join(root, name, '..'), { recursive: true })
      await writeFile(join(root, name), `in ${name}`)
    }
    await symlink('../a', join(root, 'dir', 'soft'))
    await link(join(root, 'dir', 'b'), join(root, 'hard'))
    const file = join(directory.path, 'archive.tar')
    await run('tar', [`--format=${format}`, '-C', root, '-cf', file, '.'])
    const index = await indexTar(file)
    expect([...index.keys()].sort()).toEqual([...names, 'dir/soft', 'hard'].sort())
    for (const [name, target] of [
      ...names.map((each) => [each, each] as const),
      ['dir/soft', 'a'] as const,
      ['hard', 'dir/b'] as const,
    ]) {
      const { offset, sizeBytes } = index.get(name) ?? { offset: 0, sizeBytes: 0 }
      expect(await bytesAt(file, offset, sizeBytes)).toBe(`in ${target}`)
    }
  })

  it('reads sizes beyond what twelve digits hold', async () => {
    const file = join(directory.path, 'large.tar')
    const sparse = join(directory.path, 'sparse')
    const handle = await open(sparse, 'w')
    const sizeBytes = 9 * 1024 ** 3
    await handle.truncate(sizeBytes)
    await handle.close()
    // Only the header: what follows it is a hole, too.
    await run('sh', ['-c', `tar -C ${directory.path} -cf - sparse | head -c 512 > ${file}`]).catch(
      () => undefined,
    )
    const archive = await open(file, 'r+')
    await archive.truncate(512 + sizeBytes + 1024)
    await archive.close()
    expect(await indexTar(file)).toEqual(new Map([['sparse', { offset: 512, sizeBytes }]]))
  })

  it('says so when it is none, or damaged', async () => {
    const file = join(directory.path, 'none.tar')
    await writeFile(file, Buffer.alloc(2_000, 'no tar at all '))
    await expect(indexTar(file)).rejects.toThrow('is no tar archive')
    await writeFile(file, 'short')
    await expect(indexTar(file)).rejects.toThrow('is no tar archive')
  })
})
