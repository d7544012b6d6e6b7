import { expect } from 'vitest'
import { bytesOf, freshObject, type ObjectsSubject } from './subject.ts'

const SOME = ['a', 'a/1', 'a/2', 'b', 'b0', 'c']

export const lists = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  const filled = async (names: readonly string[]): Promise<string> => {
    const root = `${freshObject()}/`
    for (const name of names) await subject.objects.put(root + name, bytesOf(name), ALWAYS)
    return root
  }

  /** Names behind `root`, page after page to the end. */
  const walk = async (root: string, prefix = '', after?: string): Promise<readonly string[]> => {
    const names: string[] = []
    let behind = after === undefined ? undefined : root + after
    do {
      const page = await subject.objects.list(root + prefix, behind)
      expect(page.keys.length).toBeLessThanOrEqual(1000)
      names.push(...page.keys.map((key) => key.slice(root.length)))
      behind = page.next
    } while (behind !== undefined)
    return names
  }

  guarantee('keys under a prefix are listed in ascending order, and no others', async () => {
    const root = await filled(SOME.toReversed())
    expect(await walk(root)).toEqual(SOME)
    expect(await walk(root, 'a/')).toEqual(['a/1', 'a/2'])
    expect(await walk(root, 'b')).toEqual(['b', 'b0'])
    expect(await walk(root, 'none')).toEqual([])
  })

  guarantee('a list continues behind a key, present or not', async () => {
    const root = await filled(SOME)
    expect(await walk(root, '', 'a/1')).toEqual(['a/2', 'b', 'b0', 'c'])
    expect(await walk(root, '', 'a/11')).toEqual(['a/2', 'b', 'b0', 'c'])
    expect(await walk(root, '', 'c')).toEqual([])
  })

  guarantee('an upload that is not completed is not listed, a deleted object no more', async () => {
    const root = await filled(['a', 'b'])
    await subject.objects.multipart.start(`${root}c`)
    await subject.objects.deleteMany([`${root}a`])
    expect(await walk(root)).toEqual(['b'])
    await subject.objects.multipart.abort(`${root}c`)
  })

  guarantee('more than 1,000 keys come in pages that lose and repeat none', async () => {
    const names = Array.from({ length: 1003 }, (_, index) => String(index).padStart(4, '0'))
    const root = `${freshObject()}/`
    for (let start = 0; start < names.length; start += 50) {
      await Promise.all(
        names.slice(start, start + 50).map(async (name) => {
          await subject.objects.put(root + name, [], ALWAYS)
        }),
      )
    }
    expect(await walk(root)).toEqual(names)
  })
}

const ALWAYS = { ifAbsent: false }
